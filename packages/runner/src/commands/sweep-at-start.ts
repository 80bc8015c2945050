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
 * Clears away what killed work left as soon as the service is there again: the next run would do it too, but may be a week off.
 * Whoever holds the lock has swept already.
 */
export async function sweepAtStart({ sweepers, lock, log, signal }: SweepParts): Promise<void> {
  try {
    const lease = await lock.acquire({ command: 'serve' }, { signal });
    const swept: string[] = [];
    try {
      for (const sweeper of sweepers) swept.push(...(await sweeper.sweep({ signal })));
    } finally {
      await lease.release();
    }
    logSwept(log, swept);
  } catch (error) {
    if (isBackupError(error, 'LOCK_HELD', 'ABORTED')) return;
    log.warn('serve.sweep', `what earlier work left over could not be removed: ${toBackupError(error).message}`);
  }
}
