import {
  isBackupError,
  lacksOf,
  problemsOf,
  selectCopies,
  toBackupError,
  type CopyReport,
  type JournalledDrill,
  type Schedule,
  type VerifyReport,
} from '@geolens/backup-core';
import { logError } from '../log/log-run.ts';
import { noticeOfDrill } from '../notify/notices.ts';
import { notify } from '../notify/notify.ts';
import { drillJournal } from '../schedule/drill-journal.ts';
import { loop } from '../schedule/loop.ts';
import type { CommandContext } from '../services.ts';
import { loggedVerification } from './verify.ts';

/**
 * Restores the newest set into a scratch server at each slot of its own schedule, until the signal fires.
 * Runs go on meanwhile.
 */
export async function drillAtSlots(context: CommandContext, schedule: Schedule): Promise<void> {
  const { config, services, log, signal } = context;
  const { clock, journal } = services;
  const runOnce = async (): Promise<'made'> => {
    const outcome = await drill(context);
    if (outcome === undefined) return 'made';
    const lastDrill = { ...outcome, finishedAt: clock.now().toISOString() };
    await journal.update({ lastDrill }).catch((error: unknown) => {
      log.warn(
        'drill.journal',
        `the outcome of the drill could not be noted: ${toBackupError(error).message}`,
      );
    });
    await notify(
      context,
      noticeOfDrill(config.connection.database, lastDrill, context.tail.text(), context.redact),
    );
    return 'made';
  };
  const parts = {
    clock,
    journal: drillJournal(journal),
    log,
    what: 'drill' as const,
    doneAt: () => Promise.resolve([]),
    runOnce,
  };
  await loop(parts, { schedule, catchUp: config.catchUp, onStart: 'never', signal });
}

/** @returns undefined when it was stopped, or there is nothing yet to rehearse */
async function drill(context: CommandContext): Promise<Omit<JournalledDrill, 'finishedAt'> | undefined> {
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
      log.info('drill.nothing', 'no set is there yet to be rehearsed');
      return undefined;
    }
    const failure = toBackupError(error);
    logError(log, 'drill.error', failure);
    return { verdict: 'failed', problem: failure.message };
  }
}

const WORST_FIRST: readonly CopyReport['verdict'][] = ['bad', 'unread', 'unproven', 'gone', 'good'];

function outcomeOf({ copies }: VerifyReport): Omit<JournalledDrill, 'finishedAt'> {
  const rank = ({ verdict }: CopyReport): number => WORST_FIRST.indexOf(verdict);
  const worst = copies.reduce((former, copy) => (rank(copy) < rank(former) ? copy : former));
  const verdict = (
    { bad: 'bad', unread: 'failed', gone: 'failed', unproven: 'unproven', good: 'proven' } as const
  )[worst.verdict];
  const reasons =
    worst.verdict === 'unproven'
      ? lacksOf(worst)
      : [...problemsOf(worst), ...(worst.error === undefined ? [] : [worst.error.message])];
  return {
    timestamp: worst.copy.set?.timestamp,
    verdict,
    ...(reasons.length > 0 && { problem: reasons.join('; ') }),
  };
}
