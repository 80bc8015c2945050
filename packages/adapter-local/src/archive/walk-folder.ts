import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { errnoOf } from '@geolens/backup-system';
import { leftOutReason } from './member-rule.ts';

/** An entry below a folder. Links are not followed. */
export interface FolderEntry {
  /** Path from the folder, for example `./a/b`. One character for each byte: names may not be text. */
  readonly path: string;
  readonly entry: Dirent;
  /** Whether a restore accepts its name; if not, the walk visits nothing below it. */
  readonly isContent: boolean;
}

/** Number of entries that one system call reads. */
const BATCH = 1_024;

/**
 * Visits all entries below a folder, each folder before its content. Skips folders that vanish.
 * @param root resolved path of the folder, one character for each byte
 * @param onUnreadable called with a folder that cannot be read; its content is skipped
 */
export async function* walkFolder(
  root: string,
  onUnreadable: (path: string) => void = () => undefined,
): AsyncGenerator<FolderEntry> {
  const folders = ['.'];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    try {
      for await (const entry of await opendir(bytesOf(root, folder), {
        encoding: 'latin1',
        bufferSize: BATCH,
      })) {
        const path = `${folder}/${entry.name}`;
        // Programs open files by paths that start with the root.
        const isContent = leftOutReason(path.slice('./'.length), '-', root) === undefined;
        if (entry.isDirectory() && isContent) folders.push(path);
        yield { path, entry, isContent };
      }
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'EACCES' || code === 'EPERM') onUnreadable(folder);
      else if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    }
  }
}

/** Returns the path of an entry in the system's form. */
export function bytesOf(root: string, path: string): Buffer {
  return Buffer.from(`${root}/${path}`, 'latin1');
}
