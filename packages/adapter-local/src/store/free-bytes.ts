import { statfs } from 'node:fs/promises';

/** How many bytes an ordinary user may still write to the volume that a path is on. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
