import {
  isBackupError,
  lacksOf,
  problemsOf,
  selectCopies,
  toBackupError,
  type CheckOutcome,
  type CopyReport,
  type JournalledRestoreTest,
  type Schedule,
  type VerifyReport,
} from '@geolens/backup-core';
import { logError } from '../log/log-run.ts';
import { restoreTestNotification } from '../notify/notifications.ts';
import { notify } from '../notify/notify.ts';
import { describeError } from '../present/hints.ts';
import { restoreTestJournal } from '../schedule/restore-test-journal.ts';
import { loop } from '../schedule/loop.ts';
import type { CommandContext } from '../services.ts';
import { loggedVerification } from './verify.ts';

/**
 * Restores the newest set into a temporary server at each time of its own schedule, until the signal fires.
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
    journal: restoreTestJournal(journal),
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
    const selected = await selectCopies(services.stores, 'latest', {
      database: config.connection.database,
      now: services.clock.now(),
      signal,
    });
    return outcomeOf(await loggedVerification(context, selected, { restore: true }));
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

const WORST_FIRST: readonly CheckOutcome[] = ['failed', 'inconclusive', 'skipped', 'passed'];

function outcomeOf({ copies }: VerifyReport): Omit<JournalledRestoreTest, 'finishedAt'> {
  const rank = ({ outcome }: CopyReport): number => WORST_FIRST.indexOf(outcome);
  const worst = copies.reduce((former, copy) => (rank(copy) < rank(former) ? copy : former));
  const reasons =
    worst.error !== undefined
      ? [describeError(worst.error)]
      : worst.outcome === 'inconclusive'
        ? lacksOf(worst)
        : problemsOf(worst);
  return {
    timestamp: worst.copy.set?.timestamp,
    outcome: worst.outcome,
    ...(reasons.length > 0 && { problem: reasons.join('; ') }),
  };
}
