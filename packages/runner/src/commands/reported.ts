import { toBackupError } from '@geolens/backup-core';
import type { CommandContext, ReportedOperation } from '../services.ts';

/**
 * Runs the work of an operation. Writes the full messages that the work shortens to the local report, and
 * logs its path. Leaves the file unchanged if the operation does not start, for example because of a lock.
 */
export async function reported<T>(
  { services, log, redact }: Pick<CommandContext, 'services' | 'log' | 'redact'>,
  operation: ReportedOperation,
  work: () => Promise<T>,
): Promise<T> {
  const report = services.reportOf(operation, redact);
  let ended = false;
  try {
    const result = await report.collect(work);
    ended = true;
    return result;
  } finally {
    await report.save(ended).then(
      (written) => {
        if (written)
          log.warn(
            'report.written',
            `the full messages of the server are in ${report.path} only: they can hold values from the database`,
            { path: report.path },
          );
      },
      (error: unknown) => {
        log.warn('report.failed', toBackupError(error).message);
      },
    );
  }
}
