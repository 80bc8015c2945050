import { BackupError, toBackupError } from '@geolens/backup-core';
import { describeEnd, type ProgramEnd, errnoOf } from '@geolens/backup-system';

/** Target folder of a restore, and the name of its setting for messages. */
export interface StagingPlace {
  readonly folder: string;
  readonly label?: string | undefined;
}

const RIGHTS =
  'Give this user the right to change what is there (in the container: the capabilities CHOWN, DAC_OVERRIDE and FOWNER)';

export function placeOf({ folder, label }: StagingPlace): string {
  return label === undefined ? folder : `${label}=${folder}`;
}

/** Converts an error of the file system during a restore into the folder. */
export function stagingError(error: unknown, doing: string, place: StagingPlace): BackupError {
  const code = errnoOf(error);
  if (error instanceof BackupError || code === undefined) return toBackupError(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return full(place, doing, error);
  const hint = {
    EACCES: RIGHTS,
    EPERM: RIGHTS,
    EROFS: 'Mount it writable',
    EBUSY: 'Unmount what is mounted inside the folder',
  }[code];
  return failed(place, `${(error as Error).message} (while ${doing})`, hint, error);
}

/** Returns the error for a failed program. */
export function programFailure(file: string, end: ProgramEnd, place: StagingPlace): BackupError {
  // tar prints "Wrote only" if the disk has space for only a part of the last block.
  if (/No space left on device|Disk quota exceeded|Wrote only \d+ of \d+ bytes/.test(end.stderr))
    return full(place, 'unpacking');
  const hint = /Permission denied|Operation not permitted/.test(end.stderr) ? RIGHTS : undefined;
  return failed(place, `the archive could not be unpacked: ${describeEnd(file, end)}`, hint);
}

export function failed(place: StagingPlace, what: string, hint?: string, cause?: unknown): BackupError {
  return new BackupError('STAGING_FAILED', `${placeOf(place)}: ${what}`, { hint, cause });
}

function full(place: StagingPlace, doing: string, cause?: unknown): BackupError {
  return new BackupError('STORE_FULL', `${placeOf(place)}: no space left on the volume (while ${doing})`, {
    hint: 'Free some space there, or enlarge the volume: the new content needs room beside the old. Nothing was changed',
    cause,
  });
}
