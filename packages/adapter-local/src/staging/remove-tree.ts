import { chmod, lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { lstatIfThere } from '../lstat-if-there.ts';
import { pathIn } from './folder-content.ts';

/**
 * Removes a folder and all that is in it, also read-only folders, and names that are no text. What does not exist is no error.
 * What another file system holds is left alone, and is a failure: folders that are moved take along what is mounted in them.
 */
export async function removeTree(path: string | Buffer): Promise<void> {
  const root = await lstatIfThere(path);
  if (root !== undefined) await removeFolder(Buffer.from(path), root.dev);
}

async function removeFolder(path: Buffer, device: number): Promise<void> {
  const { dev, mode } = await lstat(path);
  if (dev !== device) throw Object.assign(new Error(`EBUSY: something is mounted there, '${path.toString()}'`), { code: 'EBUSY', syscall: 'rmdir' });
  // Beforehand, not on failure: root without capabilities is refused too, and others are told so only by the first removal.
  if ((mode & 0o700) !== 0o700) await chmod(path, 0o700);
  for (const entry of await readdir(path, { encoding: 'buffer', withFileTypes: true })) {
    const inner = pathIn(path, entry.name);
    if (entry.isDirectory()) await removeFolder(inner, device);
    else await unlink(inner);
  }
  await rmdir(path);
}
