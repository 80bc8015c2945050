import { isBackupError, toBackupError, type Lock, type Sweeper } from '@geolens/backup-core';
import { logSwept } from '../log/log-run.ts';
import type { Logger } from '../log/logger.ts';

export interface SweepParts {
  readonly sweepers: readonly Sweeper[];
  readonly lock: Lock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Clears away what killed work left as soon as the service is there again: the next run would do it too, but
 * may be a week off. Whoever holds the lock has swept already.
 */
export async function sweepAtStart({ sweepers, lock, log, signal }: SweepParts): Promise<void> {
  const onWarning = (message: string): void => {
    log.warn('serve.sweep', message);
  };
  const onFailure = (error: unknown): void => {
    if (!isBackupError(error, 'LOCK_HELD', 'ABORTED'))
      onWarning(`what earlier work left over could not be removed: ${toBackupError(error).message}`);
  };
  try {
    const lease = await lock.acquire({ command: 'serve' }, { signal });
    const swept: string[] = [];
    try {
      for (const sweeper of sweepers)
        swept.push(...(await sweeper.sweep({ signal, onWarning }).catch(nothingAfter(onFailure))));
    } finally {
      await lease.release();
    }
    logSwept(log, swept);
  } catch (error) {
    onFailure(error);
  }
}

/** Reports the failure of one sweeper, so that the next one has its turn. */
function nothingAfter(report: (error: unknown) => void): (error: unknown) => readonly string[] {
  return (error) => {
    report(error);
    return [];
  };
}
