import { isBackupError, type BackupError, type RunReport } from '@geolens/backup-core';

/** Exit codes of the process. Callers depend on them. */
export const EXIT = {
  done: 0,
  failed: 1,
  wrongInput: 2,
  partly: 3,
  locked: 4,
  badArtifact: 5,
  restoreTestFailed: 6,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Returns the exit code of a command that failed with an error. */
export function exitCodeOf(error: BackupError): ExitCode {
  if (isBackupError(error, 'CONFIG_INVALID', 'KEY_MISSING', 'SCHEDULE_INVALID', 'SET_NOT_FOUND'))
    return EXIT.wrongInput;
  if (isBackupError(error, 'ARTIFACT_UNREADABLE')) return EXIT.badArtifact;
  if (isBackupError(error, 'RESTORE_TEST_FAILED')) return EXIT.restoreTestFailed;
  return isBackupError(error, 'LOCK_HELD') ? EXIT.locked : EXIT.failed;
}

/** Returns the exit code of a run that returned a report. */
export function exitCodeOfRun({ outcome, errors, restoreTest }: RunReport): ExitCode {
  switch (outcome) {
    case 'succeeded':
      return restoreTest?.outcome === 'inconclusive' ? EXIT.partly : EXIT.done;
    case 'with-errors':
      return restoreTest?.outcome === 'failed' ? EXIT.restoreTestFailed : EXIT.partly;
    case 'failed':
      return errors[0] === undefined ? EXIT.failed : exitCodeOf(errors[0]);
  }
}
