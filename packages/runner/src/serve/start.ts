import { isBackupError, readStores, type Clock, type Lock, type OrphanCleaner } from '@geolens/backup-core';
import type { ServerProbe } from '@geolens/backup-core/internal';
import { logCleanedUp, type Logger } from '../present/logger.ts';
import { describeError } from '../present/hints.ts';
import { countText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';

/**
 * Cleans up after killed processes when the service starts. The next run would do it too, but can be a week
 * away. Does nothing if another process holds the lock, because that process has already cleaned up.
 */
export async function cleanUpAtStart({
  cleaners,
  lock,
  log,
  signal,
}: {
  readonly cleaners: readonly OrphanCleaner[];
  readonly lock: Lock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const onWarning = (message: string): void => {
    log.warn('serve.sweep', message);
  };
  const onFailure = (error: unknown): readonly string[] => {
    if (!isBackupError(error, 'LOCK_HELD', 'ABORTED'))
      onWarning(`what earlier work left over could not be removed: ${describeError(error)}`);
    return [];
  };
  try {
    const lease = await lock.acquire({ command: 'serve' }, { signal });
    const cleanedUp: string[] = [];
    try {
      for (const cleaner of cleaners)
        cleanedUp.push(...(await cleaner.cleanUp({ signal, onWarning }).catch(onFailure)));
    } finally {
      await lease.release();
    }
    logCleanedUp(log, cleanedUp);
  } catch (error) {
    onFailure(error);
  }
}

/**
 * Returns whether another store has sets of the database and the volume has none. This is the case if this
 * machine replaces a lost one. A run would then back up a database that the operator has not restored yet.
 * Logs how to proceed. Returns `false` if the volume cannot be read.
 */
export async function replacesAnother({ config, services, log, signal }: CommandContext): Promise<boolean> {
  const { database } = config.connection;
  for await (const answer of readStores(services.stores, { signal })) {
    const { store, error } = answer;
    const ours = answer.error === undefined ? answer.sets.filter((set) => set.database === database) : [];
    if (store === services.primary && (error !== undefined || ours.length > 0)) return false;
    const [newest] = ours;
    if (newest === undefined) continue;
    log.warn(
      'serve.replaces_another',
      `the volume has no set of ${database}, but ${store.name} has ${countText(ours.length, 'set')}, the newest of ${newest.timestamp}: no run is made before the next slot. ` +
        'Should this machine replace another, restore first: geolens-backup restore latest. If not, give this installation an S3_PREFIX of its own',
    );
    return true;
  }
  return false;
}

const RETRY_MS = 5_000;

/**
 * Maximum number of attempts: half a minute without an answer, ten minutes while the server reports that it
 * is starting.
 */
const ATTEMPTS = { nothing: 6, starting: 120 } as const;

/**
 * Waits until the database server answers. After a boot, the server can take longer to start than this
 * process. A run that fails for this reason is not retried before the next slot. If the server stays
 * unavailable, the run reports the error.
 */
export async function waitForServer(
  probe: ServerProbe,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  for (let looks = 1; ; looks += 1) {
    const found = await probe.inspect(signal);
    if (found.server === 'answers' || looks >= ATTEMPTS[found.server]) return;
    if (looks === 1)
      log.warn('serve.server_away', `a run is due, and waits a while for the server: ${found.error.message}`);
    await clock.sleepUntil(new Date(clock.now().getTime() + RETRY_MS), signal);
  }
}
