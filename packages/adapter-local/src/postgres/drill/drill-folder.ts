import { chmod, chown, mkdir, open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LockLease } from '@geolens/backup-core';
import { FlockLock } from '../../lock/flock-lock.ts';
import type { ProgramEnvironment } from '../../programs/program.ts';
import { drillName, lockOf } from './drill-names.ts';
import { drillPaths, FOLDER_MODE, type DrillPaths } from './drill-paths.ts';
import { removeDrill } from './remove-drill.ts';
import type { ServerUser } from './server-user.ts';

export interface DrillFolderOptions {
  readonly env: ProgramEnvironment;
  readonly user: ServerUser | undefined;
  readonly signal: AbortSignal;
}

/**
 * The folder of one drill. A lock beside it, which the system frees when this process ends, tells others that
 * the drill lives. It is taken before the folder is there, and given back after that is gone: a folder whose
 * lock is free belongs to nobody.
 */
export class DrillFolder {
  readonly paths: DrillPaths;
  /** Fires when others might take the drill for a dead one. */
  readonly lost: AbortSignal;
  private readonly lease: LockLease;
  private readonly lock: string;
  private readonly options: DrillFolderOptions;

  private constructor(folder: string, lock: string, lease: LockLease, options: DrillFolderOptions) {
    this.paths = drillPaths(folder);
    this.lock = lock;
    this.lease = lease;
    this.lost = lease.lost;
    this.options = options;
  }

  /**
   * Rejects with the error of the file system when there can be none in this parent; then nothing is left.
   */
  static async make(parent: string, options: DrillFolderOptions): Promise<DrillFolder> {
    const { env, signal } = options;
    const path = join(parent, drillName());
    const lock = lockOf(path);
    await (await open(lock, 'wx', 0o600)).close();
    try {
      const lease = await new FlockLock(lock, env).acquire({ command: 'drill' }, { signal });
      const folder = new DrillFolder(path, lock, lease, options);
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
   * Removes it with all that is in it; the programs in it have ended. Never fails: what stays, a sweep
   * removes.
   */
  async remove(): Promise<void> {
    const gone = await removeDrill(this.paths, this.options).then(
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
