import { isBackupError, type BackupError, type ErrorCode } from '@geolens/backup-core';

/** The error that some work fails with, which has to be a BackupError of that code. */
export async function failure(code: ErrorCode, work: Promise<unknown>): Promise<BackupError> {
  const outcome = await work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );
  if (isBackupError(outcome, code)) return outcome;
  throw new Error(`expected ${code}, got ${String(outcome)}`, { cause: outcome });
}
