import {
  dumpOf,
  throwIfAborted,
  failedCheck,
  type BackupSet,
  type RestoreTester,
  type DiagnosticResult,
} from '@geolens/backup-core';

/**
 * Whether a temporary server could be made here, of the size that the newest set takes. It is tried up to the
 * server itself.
 */
export async function checkRestoreTestNeeds(
  restoreTest: RestoreTester,
  newest: BackupSet | undefined,
  wanted: boolean,
  signal: AbortSignal,
): Promise<DiagnosticResult> {
  const subject = 'temporary server';
  const manifest = newest?.manifest;
  const needs = {
    databaseBytes: manifest?.databaseBytes,
    dumpBytes: (manifest && dumpOf(manifest)?.bytes) ?? 0,
    keptBytes: 0,
  };
  try {
    const ground = await restoreTest.open(needs, { signal, whenHeld: 'fail' });
    if ('inconclusive' in ground) {
      const hint = wanted
        ? 'Until then no restore is tested; BACKUP_RESTORE_TEST_SCHEDULE=off accepts that'
        : 'Nothing has to be done as long as no restore test is wanted';
      return {
        subject,
        level: 'warn',
        message: `restore tests cannot run here: ${ground.inconclusive.join('; ')}`,
        hint,
      };
    }
    await ground[Symbol.asyncDispose]();
    if (ground.isolated === false)
      return {
        subject,
        level: 'warn',
        message: 'restore tests are not isolated: functions of the database run with the rights of this user',
        hint: 'Run restore tests as root, or in the container; BACKUP_RESTORE_TEST_ISOLATION=required allows no others',
      };
    return {
      subject,
      level: 'ok',
      message: 'there is disk space for a temporary server, and programs to make it',
    };
  } catch (error) {
    throwIfAborted(signal);
    return failedCheck(subject, error, 'warn');
  }
}
