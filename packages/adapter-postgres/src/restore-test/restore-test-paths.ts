import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { constants, open, type FileHandle } from 'node:fs/promises';

const PREFIX = '.geolens-backup-drill-';
const LOCK = '.lock';
const OURS = /^\.geolens-backup-drill-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.lock)?$/;

/** Returns a new name for the folder of a restore test. */
export function restoreTestName(): string {
  return PREFIX + randomUUID();
}

/** The file beside a restore test’s folder that is locked as long as the restore test lives. */
export function lockOf(restoreTest: string): string {
  return restoreTest + LOCK;
}

/** The restore test that a name belongs to, as its folder or as its lock; undefined when it is none of ours. */
export function restoreTestOf(name: string): string | undefined {
  const match = OURS.exec(name);
  return match === null ? undefined : name.slice(0, name.length - (match[1]?.length ?? 0));
}

/** The paths of what a restore test’s folder holds. */
export interface RestoreTestPaths {
  readonly folder: string;
  /** The folder of `data`. An account that may not enter `folder` reaches it by a descriptor. */
  readonly cage: string;
  /**
   * The server’s data and its socket. The server’s user makes and owns it, and can write nowhere else in
   * `folder`.
   */
  readonly data: string;
  /** Locked by every program that works in `data`, where the server has the user of this process. */
  readonly alive: string;
}

/** The name of the server's data folder in the `cage`. */
export const DATA = 'd';

export function restoreTestPaths(folder: string): RestoreTestPaths {
  const cage = join(folder, 'c'); // short, as DATA: the path of a socket is limited
  return { folder, cage, data: join(cage, DATA), alive: join(folder, 'alive') };
}

/** Mode of the `cage`: others pass through, and cannot list or change it. */
export const CAGE_MODE = 0o711;

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
