import { constants, open, type FileHandle } from 'node:fs/promises';

/** Opens a folder for its place alone: through the descriptor, nothing is listed or changed. */
const O_PATH = 0o10000000;

/** Opens a folder to pass it to another user’s program. A link is refused. */
export function openFolder(path: string): Promise<FileHandle> {
  return open(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** The descriptor that a program gets a folder as. */
export const FOLDER_DESCRIPTOR = 3;

/** Returns the path of an entry of that folder, for the program. */
export function inFolder(name: string): string {
  return `/proc/self/fd/${FOLDER_DESCRIPTOR}/${name}`;
}
