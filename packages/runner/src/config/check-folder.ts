import { relative, sep } from 'node:path';
import fsExtra from 'fs-extra';
import { BackupError } from '@geolens/backup-core';
import type { Config } from './config.ts';

/**
 * Checks that the folder of the sets exists. Creating it would hide an unmounted volume.
 * @throws BackupError CONFIG_INVALID if it is missing, is not a folder, or is inside STAGING_DIR
 */
export async function checkFolder({ backupDir, stagingDir }: Config): Promise<void> {
  const stats = await fsExtra.stat(backupDir).catch((error: unknown) => error as NodeJS.ErrnoException);
  if (stats instanceof Error) {
    const why = stats.code === 'ENOENT' ? 'does not exist' : `cannot be looked at: ${stats.message}`;
    throw wrong(backupDir, why, stats);
  }
  if (!stats.isDirectory()) throw wrong(backupDir, 'is not a folder');
  if (await isWithin(backupDir, stagingDir)) {
    throw new BackupError('CONFIG_INVALID', `BACKUP_DIR="${backupDir}" lies in STAGING_DIR="${stagingDir}"`, {
      hint: 'Keep the sets elsewhere: each archive would hold all sets before it',
    });
  }
}

/** Returns whether a path is inside a folder. Resolves symbolic links. */
export async function isWithin(inner: string, outer: string): Promise<boolean> {
  if (!(await fsExtra.pathExists(outer))) return false;
  const path = relative(await fsExtra.realpath(outer), await fsExtra.realpath(inner));
  return path === '' || !(path === '..' || path.startsWith(`..${sep}`));
}

function wrong(path: string, why: string, cause?: unknown): BackupError {
  return new BackupError('CONFIG_INVALID', `BACKUP_DIR="${path}" ${why}`, {
    cause,
    hint: 'Create the folder, mount the volume there, or set BACKUP_DIR to where the sets are to be kept',
  });
}
