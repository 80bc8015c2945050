import { chmod, lstat, mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { LockLease } from '@geolens/backup-core';
import { FlockLock, type ProgramEnvironment } from '@geolens/backup-system';
import { endedProcessesOf } from './account-processes.ts';
import type { Cage } from './cage.ts';
import {
  inFolder,
  openFolder,
  restoreTestName,
  lockOf,
  restoreTestPaths,
  CAGE_MODE,
  DATA,
  type RestoreTestPaths,
} from './restore-test-paths.ts';
import { runKept, type KeptProgramOptions } from './kept-program.ts';
import { removeRestoreTest } from './remove-restore-test.ts';

export interface RestoreTestFolderOptions {
  readonly env: ProgramEnvironment;
  /** Account that the server runs as; `undefined` for the user of this process. */
  readonly cage: Cage | undefined;
  readonly signal: AbortSignal;
}

/**
 * Mode of the cage while `data` is created in it: others may add entries. Only the account of the cage can
 * reach it, because `folder` admits no other user.
 */
const OPEN_CAGE_MODE = 0o1733;

/** Maximum number of processes of an account, plus one for each processor. */
const MOST_PROCESSES = 100;

/**
 * The folder of one restore test. A lock beside it shows other processes that the restore test is alive; the
 * system frees the lock when this process ends. The lock is acquired before the folder exists, and released
 * after its removal. So a folder whose lock is free is an orphan.
 */
export class RestoreTestFolder {
  readonly paths: RestoreTestPaths;
  /** Fires if other processes might treat the restore test as dead. */
  readonly lost: AbortSignal;
  private readonly lease: LockLease;
  private readonly lock: string;
  private readonly options: RestoreTestFolderOptions;
  private handle: FileHandle | undefined;
  private ending = Promise.resolve();

  private constructor(folder: string, lock: string, lease: LockLease, options: RestoreTestFolderOptions) {
    this.paths = restoreTestPaths(folder);
    this.lock = lock;
    this.lease = lease;
    this.lost = lease.lost;
    this.options = options;
  }

  /**
   * Creates the folder. Rejects with the error of the file system, and leaves nothing, if the parent is
   * unfit.
   */
  static async make(parent: string, options: RestoreTestFolderOptions): Promise<RestoreTestFolder> {
    const { env, signal } = options;
    const path = join(parent, restoreTestName());
    const lock = lockOf(path);
    await (await open(lock, 'wx', 0o600)).close();
    try {
      const lease = await new FlockLock(lock, env).acquire({ command: 'restore test' }, { signal });
      const folder = new RestoreTestFolder(path, lock, lease, options);
      try {
        await folder.fill();
        return folder;
      } catch (error) {
        await folder.remove();
        throw error;
      }
    } catch (error) {
      await rm(lock, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** Path of the data folder for programs that run `within`. */
  get serverData(): string {
    return this.handle === undefined ? this.paths.data : inFolder(DATA);
  }

  /** Confinement of the programs of the restore test. */
  get within(): KeptProgramOptions['within'] {
    const { cage } = this.options;
    return cage === undefined || this.handle === undefined
      ? { alive: this.paths.alive }
      : { account: cage.account, folder: this.handle.fd };
  }

  /** Returns the confinement of the server: code of the dump must not exhaust this machine's processes. */
  async withinLimits(): Promise<KeptProgramOptions['within']> {
    const { within } = this;
    if ('alive' in within) return within;
    const processes = MOST_PROCESSES + availableParallelism() + (await endedProcessesOf(within.account.uid));
    return { ...within, processes };
  }

  /**
   * Creates the server’s data folder as its user.
   * @returns the reason if that user cannot
   */
  async makeData(): Promise<string | undefined> {
    const { env, cage, signal } = this.options;
    if (cage === undefined) {
      await mkdir(this.paths.data, { mode: 0o700 });
      return undefined;
    }
    await chmod(this.paths.cage, OPEN_CAGE_MODE);
    const { code, stderr } = await runKept('mkdir', ['-m', '0700', '--', this.serverData], {
      env,
      within: this.within,
      signal,
    }).finally(() => chmod(this.paths.cage, CAGE_MODE));
    if (code === 0) {
      const data = await lstat(this.paths.data);
      return data.isDirectory() && data.uid === cage.account.uid
        ? undefined
        : `another process of user ${cage.account.uid} replaced the data folder there. Find out which one`;
    }
    if (stderr.startsWith('setpriv: set'))
      return `this process may not become the user of a temporary server (${stderr}). Give it the capabilities SETUID and SETGID`;
    return `the user of a temporary server (${cage.account.uid}) may not work there (${stderr})`;
  }

  /**
   * Ends every program of the restore test, including those that code of the dump started. Never fails. Calls
   * run one at a time: a parallel one would also end a later program, such as the one that removes the
   * folder.
   */
  endAll(): Promise<void> {
    this.ending = this.ending.then(async () => {
      await this.options.cage?.endAll();
    });
    return this.ending;
  }

  /**
   * Removes the folder with its content, after its programs ended. Never fails: a clean-up removes the rest.
   */
  async remove(): Promise<void> {
    await this.endAll();
    await this.handle?.close().catch(() => undefined);
    const { env, cage } = this.options;
    const gone = await removeRestoreTest(this.paths, { env, account: cage?.account }).then(
      () => true,
      () => false,
    );
    if (gone) await rm(this.lock, { force: true }).catch(() => undefined);
    await this.lease.release();
  }

  private async fill(): Promise<void> {
    const { folder, cage, alive } = this.paths;
    for (const path of [folder, cage]) await mkdir(path, { mode: 0o700 });
    if (this.options.cage === undefined) await (await open(alive, 'wx', 0o600)).close();
    else this.handle = await openFolder(cage);
  }
}
