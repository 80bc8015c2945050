import { join } from 'node:path';

/** What a restore test’s folder holds, by path. */
export interface RestoreTestPaths {
  readonly folder: string;
  /**
   * The server’s data and its socket; the server’s user makes and owns it, and can write nowhere else in
   * `folder`.
   */
  readonly data: string;
  /** Locked by every program that works in `data`. */
  readonly alive: string;
  /** Written through a file descriptor that the server inherits. */
  readonly log: string;
}

export function restoreTestPaths(folder: string): RestoreTestPaths {
  return {
    folder,
    data: join(folder, 'data'),
    alive: join(folder, 'alive'),
    log: join(folder, 'server.log'),
  };
}

/** Mode of the folder: the group is that of the server's user, who passes through. */
export const FOLDER_MODE = 0o750;
