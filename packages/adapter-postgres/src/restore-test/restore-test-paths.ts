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

/** Returns the path of the lock file beside a restore test’s folder, locked while the test lives. */
export function lockOf(restoreTest: string): string {
  return restoreTest + LOCK;
}

/** Returns the restore test of a folder name or lock name; `undefined` for other names. */
export function restoreTestOf(name: string): string | undefined {
  const match = OURS.exec(name);
  return match === null ? undefined : name.slice(0, name.length - (match[1]?.length ?? 0));
}

/** Paths in the folder of a restore test. */
export interface RestoreTestPaths {
  readonly folder: string;
  /** Folder of `data`. An account that may not enter `folder` reaches it by a descriptor. */
  readonly cage: string;
  /** The server’s data and its socket. The server’s user owns it, and cannot write elsewhere in `folder`. */
  readonly data: string;
  /** Locked by each program that works in `data`, if the server runs as the user of this process. */
  readonly alive: string;
}

/** Name of the server's data folder in the `cage`. */
export const DATA = 'd';

export function restoreTestPaths(folder: string): RestoreTestPaths {
  const cage = join(folder, 'c'); // short, as DATA: the path of a socket is limited
  return { folder, cage, data: join(cage, DATA), alive: join(folder, 'alive') };
}

/** Mode of the `cage`: others can pass through, but cannot list or change it. */
export const CAGE_MODE = 0o711;

/** Opens a folder as a location only: the descriptor cannot list or change it. */
const O_PATH = 0o10000000;

/** Opens a folder to pass it to another user’s program. Refuses a link. */
export function openFolder(path: string): Promise<FileHandle> {
  return open(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** Number of the descriptor by which a program gets a folder. */
export const FOLDER_DESCRIPTOR = 3;

/** Returns the path of an entry of that folder, for the program. */
export function inFolder(name: string): string {
  return `/proc/self/fd/${FOLDER_DESCRIPTOR}/${name}`;
}
