import {
  isBackupError,
  lacksOf,
  problemsOf,
  selectSets,
  TO_VERIFY,
  toBackupError,
  type ArtifactStore,
  type CheckOutcome,
  type CopyReport,
  type JournalledRestoreTest,
  type Schedule,
  type VerifyReport,
} from '@geolens/backup-core';
import { logError } from '../present/logger.ts';
import { notify, restoreTestNotification } from '../notify/notifications.ts';
import { describeError } from '../present/hints.ts';
import { slotJournal } from './slot-journal.ts';
import { loop } from './loop.ts';
import type { CommandContext } from '../services.ts';
import { loggedVerification } from '../commands/verify.ts';

/**
 * Restores the newest set of a store into a temporary server at each time of its own schedule, until the signal
 * fires. The stores take turns.
 * Runs go on meanwhile.
 */
export async function runScheduledRestoreTests(context: CommandContext, schedule: Schedule): Promise<void> {
  const { config, services, log, signal } = context;
  const { clock, journal } = services;
  const runOnce = async (): Promise<'made'> => {
    const outcome = await restoreTest(context);
    if (outcome === undefined) return 'made';
    const lastRestoreTest = { ...outcome, finishedAt: clock.now().toISOString() };
    await journal.update({ lastRestoreTest }).catch((error: unknown) => {
      log.warn(
        'drill.journal',
        `the outcome of the restore test could not be noted: ${describeError(error)}`,
      );
    });
    await notify(
      context,
      restoreTestNotification(
        config.connection.database,
        lastRestoreTest,
        context.tail.text(),
        context.redact,
      ),
    );
    return 'made';
  };
  const parts = {
    clock,
    journal: slotJournal(journal, 'lastRestoreTestSlot'),
    log,
    what: 'restore test' as const,
    doneAt: () => Promise.resolve([]),
    runOnce,
  };
  await loop(parts, { schedule, catchUp: config.catchUp, onStart: 'never', signal });
}

/** @returns undefined when it was stopped, or there is nothing yet to test */
async function restoreTest(
  context: CommandContext,
): Promise<Omit<JournalledRestoreTest, 'finishedAt'> | undefined> {
  const { config, services, log, signal } = context;
  try {
    const { lastRestoreTest } = await services.journal.read();
    const { database } = config.connection;
    const selected = await selectSets(
      inTurn(services.stores, lastRestoreTest?.store),
      { wanted: 'latest', database, now: services.clock.now(), signal },
      TO_VERIFY,
    );
    const tested = outcomeOf(await loggedVerification(context, selected, { restore: true }));
    const store = services.stores.length > 1 ? selected.copies[0]?.stored?.store.name : undefined;
    return { ...tested, ...(store !== undefined && { store }) };
  } catch (error) {
    if (isBackupError(error, 'ABORTED')) return undefined;
    if (isBackupError(error, 'SET_NOT_FOUND')) {
      log.info('drill.nothing', 'no set is there yet to be tested');
      return undefined;
    }
    const failure = toBackupError(error);
    logError(log, 'drill.error', failure);
    return { outcome: 'skipped', problem: describeError(failure) };
  }
}

/** Returns the stores with the one behind that of the last restore test first. */
function inTurn(stores: readonly ArtifactStore[], last: string | undefined): readonly ArtifactStore[] {
  const next = stores.findIndex(({ name }) => name === last) + 1;
  return [...stores.slice(next), ...stores.slice(0, next)];
}

const WORST_FIRST: readonly CheckOutcome[] = ['failed', 'inconclusive', 'skipped', 'passed'];

/** Returns the outcome of the worst copy. */
export function outcomeOf({ copies }: VerifyReport): Omit<JournalledRestoreTest, 'finishedAt'> {
  const rank = ({ outcome }: CopyReport): number => WORST_FIRST.indexOf(outcome);
  const worst = copies.reduce((former, copy) => (rank(copy) < rank(former) ? copy : former));
  const reasons =
    worst.error !== undefined
      ? [describeError(worst.error)]
      : worst.outcome === 'inconclusive'
        ? lacksOf(worst)
        : problemsOf(worst);
  return {
    timestamp: worst.copy.stored?.set.timestamp,
    outcome: worst.outcome,
    ...(reasons.length > 0 && { problem: reasons.join('; ') }),
  };
}
