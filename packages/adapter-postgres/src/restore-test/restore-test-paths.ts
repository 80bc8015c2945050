import { join } from 'node:path';

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
