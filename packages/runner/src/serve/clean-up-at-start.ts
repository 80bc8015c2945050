import { isBackupError, type Lock, type OrphanCleaner } from '@geolens/backup-core';
import { logCleanedUp, type Logger } from '../present/logger.ts';
import { describeError } from '../present/hints.ts';

interface CleanUpParts {
  readonly cleaners: readonly OrphanCleaner[];
  readonly lock: Lock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Clears away what killed work left as soon as the service is there again: the next run would do it too, but
 * may be a week off. The process that holds the lock has cleaned up already.
 */
export async function cleanUpAtStart({ cleaners, lock, log, signal }: CleanUpParts): Promise<void> {
  const onWarning = (message: string): void => {
    log.warn('serve.sweep', message);
  };
  const onFailure = (error: unknown): void => {
    if (!isBackupError(error, 'LOCK_HELD', 'ABORTED'))
      onWarning(`what earlier work left over could not be removed: ${describeError(error)}`);
  };
  try {
    const lease = await lock.acquire({ command: 'serve' }, { signal });
    const cleanedUp: string[] = [];
    try {
      for (const cleaner of cleaners)
        cleanedUp.push(...(await cleaner.cleanUp({ signal, onWarning }).catch(nothingAfter(onFailure))));
    } finally {
      await lease.release();
    }
    logCleanedUp(log, cleanedUp);
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
