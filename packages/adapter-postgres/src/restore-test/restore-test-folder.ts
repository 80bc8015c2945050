import { chmod, chown, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LockLease } from '@geolens/backup-core';
import { FlockLock, type ProgramEnvironment } from '@geolens/backup-system';
import { restoreTestName, lockOf } from './restore-test-names.ts';
import { restoreTestPaths, FOLDER_MODE, type RestoreTestPaths } from './restore-test-paths.ts';
import { removeRestoreTest } from './remove-restore-test.ts';
import type { ServerUser } from './server-user.ts';

export interface RestoreTestFolderOptions {
  readonly env: ProgramEnvironment;
  readonly user: ServerUser | undefined;
  readonly signal: AbortSignal;
}

/**
 * The folder of one restore test. A lock beside it, which the system frees when this process ends, shows other
 * processes that the restore test lives. It is acquired before the folder is made, and released after that is gone:
 * a folder whose lock is free is an orphan.
 */
export class RestoreTestFolder {
  readonly paths: RestoreTestPaths;
  /** Fires when others might take the restore test for a dead one. */
  readonly lost: AbortSignal;
  private readonly lease: LockLease;
  private readonly lock: string;
  private readonly options: RestoreTestFolderOptions;

  private constructor(folder: string, lock: string, lease: LockLease, options: RestoreTestFolderOptions) {
    this.paths = restoreTestPaths(folder);
    this.lock = lock;
    this.lease = lease;
    this.lost = lease.lost;
    this.options = options;
  }

  /**
   * Rejects with the error of the file system when there can be none in this parent; then nothing is left.
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

  /**
   * Removes it with all that is in it; the programs in it have ended. Never fails: what stays, a clean-up
   * removes.
   */
  async remove(): Promise<void> {
    const gone = await removeRestoreTest(this.paths, this.options).then(
      () => true,
      () => false,
    );
    if (gone) await rm(this.lock, { force: true }).catch(() => undefined);
    await this.lease.release();
  }

  private async fill(): Promise<void> {
    const { user } = this.options;
    await mkdir(this.paths.folder, { mode: 0o700 });
    // A parent may hand its own group down. Giving a folder of ours to a group of ours takes no capability.
    const { uid, gid } = await stat(this.paths.folder);
    if (user !== undefined && gid !== user.gid) await chown(this.paths.folder, uid, user.gid);
    await chmod(this.paths.folder, user === undefined ? 0o700 : FOLDER_MODE); // whatever the umask is
    const alive = await open(this.paths.alive, 'wx', 0o600);
    try {
      if (user !== undefined) await alive.chown(uid, user.gid);
      await alive.chmod(user === undefined ? 0o600 : 0o640);
    } finally {
      await alive.close();
    }
  }
}
