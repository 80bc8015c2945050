import {
  bytesOf,
  copyOfSet,
  isBackupError,
  readStores,
  timeOf,
  toBackupError,
  type SetCopy,
  type JournalledReplicaCheck,
  type Schedule,
  type SelectedSets,
} from '@geolens/backup-core';
import { logError } from '../present/logger.ts';
import { notify, replicaCheckNotification } from '../notify/notifications.ts';
import { describeError } from '../present/hints.ts';
import { loop } from './loop.ts';
import { slotJournal } from './slot-journal.ts';
import type { CommandContext } from '../services.ts';
import { outcomeOf } from './scheduled-restore-tests.ts';
import { loggedVerification } from '../commands/verify.ts';

/** Most bytes that a check reads of each replica, besides the first set. */
const SHARE_BYTES = 10_000_000_000;

/** How fast it reads at most, in bytes a second. */
const BYTES_PER_SECOND = 20_000_000;

/**
 * Reads a share of each replica in full at each time of its own schedule, until the signal fires: the sets
 * first that were not checked for longest.
 */
export async function runScheduledReplicaChecks(context: CommandContext, schedule: Schedule): Promise<void> {
  const { config, services, log, signal } = context;
  const { clock, journal } = services;
  const runOnce = async (): Promise<'made'> => {
    const found = await checkReplicas(context);
    if (found === undefined) return 'made';
    const lastReplicaCheck = { ...found, finishedAt: clock.now().toISOString() };
    await journal.update({ lastReplicaCheck }).catch((error: unknown) => {
      log.warn('replica_check.journal', `the outcome could not be noted: ${describeError(error)}`);
    });
    const { database } = config.connection;
    await notify(
      context,
      replicaCheckNotification(database, lastReplicaCheck, context.tail.text(), context.redact),
    );
    return 'made';
  };
  const parts = {
    clock,
    journal: slotJournal(journal, 'lastReplicaCheckSlot'),
    log,
    what: 'replica check' as const,
    doneAt: () => Promise.resolve([]),
    runOnce,
  };
  await loop(parts, { schedule, catchUp: config.catchUp, onStart: 'never', signal });
}

/** @returns undefined if it was stopped, or there is nothing to read */
async function checkReplicas(
  context: CommandContext,
): Promise<Omit<JournalledReplicaCheck, 'finishedAt'> | undefined> {
  try {
    const share = await shareOfReplicas(context);
    if (share.copies.length === 0 && share.errors.length === 0) return undefined;
    const { errors, ...report } = await loggedVerification(context, share, {
      restore: false,
      bytesPerSecond: BYTES_PER_SECOND,
    });
    const sets = report.copies.length;
    const failure = errors[0] && { outcome: 'inconclusive' as const, problem: describeError(errors[0]) };
    if (sets === 0) return { outcome: 'inconclusive', ...failure, sets };
    const { outcome, problem } = outcomeOf({ ...report, errors });
    if (outcome !== 'failed' && failure !== undefined) return { ...failure, sets };
    return { outcome, sets, ...(problem !== undefined && { problem }) };
  } catch (error) {
    if (isBackupError(error, 'ABORTED')) return undefined;
    const failure = toBackupError(error);
    logError(context.log, 'replica_check.error', failure);
    return { outcome: 'skipped', sets: 0, problem: describeError(failure) };
  }
}

async function shareOfReplicas({ config, services, signal }: CommandContext): Promise<SelectedSets> {
  const copies: SetCopy[] = [];
  const errors = [];
  for await (const answer of readStores(services.replicas, { signal })) {
    if (answer.error !== undefined) {
      errors.push(answer.error);
      continue;
    }
    const { store, sets } = answer;
    let bytes = 0;
    const readable = sets
      .filter(({ database, state }) => database === config.connection.database && state !== 'partial')
      .map((set) => ({ set, checkedAt: timeOf(set.checks.content ?? set.checks.checksum) }))
      .sort((one, other) => one.checkedAt - other.checkedAt || 0);
    for (const [index, { set }] of readable.entries()) {
      bytes += bytesOf(set);
      if (index > 0 && bytes > SHARE_BYTES) break;
      copies.push(copyOfSet(store, set, { signal }));
    }
  }
  return { copies, notes: [], errors };
}
