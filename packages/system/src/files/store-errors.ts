import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { BackupError, toBackupError, withReason, type ErrorReason } from '@geolens/backup-core';

const ROOT_DENIED =
  'Make root the owner of what is there (chown -R 0:0): a container without the capability DAC_OVERRIDE may not pass over the permissions of files that are another process’s';

/** Returns what an error of the file system means for a store. */
export function storeError(error: unknown, doing: string, root: StoreRoot): BackupError {
  if (error instanceof BackupError) return error;
  const code = errnoOf(error);
  const place = root.label === undefined ? root.path : `${root.label}=${root.path}`;
  const fail = (
    kind: 'STORE_FULL' | 'STORE_UNAVAILABLE' | 'STORE_FAILED',
    what: string,
    hint?: string,
    reason?: ErrorReason,
  ): BackupError =>
    new BackupError(kind, `${place}: ${what} (while ${doing})`, {
      ...withReason(reason, { hint }),
      cause: error,
    });
  switch (code) {
    case undefined:
      return toBackupError(error);
    case 'ENOSPC':
    case 'EDQUOT':
      return fail('STORE_FULL', 'no space left on the volume', undefined, 'volume-full');
    case 'EROFS':
      return fail('STORE_UNAVAILABLE', 'the volume is read-only', undefined, 'volume-read-only');
    case 'EACCES':
    case 'EPERM':
      return fail(
        'STORE_UNAVAILABLE',
        `permission denied for user ${process.getuid?.() ?? '?'}`,
        process.getuid?.() === 0 ? ROOT_DENIED : 'Give that user the right to read and write there',
      );
    case 'ENOENT':
    case 'ENOTDIR':
      return fail(
        'STORE_UNAVAILABLE',
        'the folder is not there',
        'Create the folder, or mount the volume there',
      );
    default:
      return fail('STORE_FAILED', `${code}: ${(error as Error).message}`);
  }
}

/** Folder of a store, and the name of its setting for messages. */
export interface StoreRoot {
  readonly path: string;
  readonly label?: string | undefined;
}

/** Returns the error code, for example `ENOENT`; `undefined` if the error is not a system error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Returns the status of a path, of a link itself and not of its target. `undefined` if the path does not
 * exist. Throws other errors unchanged.
 */
export async function lstatIfThere(path: string | Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
