import {
  bytesOf,
  copyOfSet,
  isBackupError,
  readStores,
  selectSets,
  TO_VERIFY,
  toBackupError,
  type ArtifactStore,
  type CheckOutcome,
  type Cipher,
  type CopyReport,
  type JournalledReplicaCheck,
  type JournalledRestoreTest,
  type JournalState,
  type RunJournal,
  type Schedule,
  type SelectedSets,
  type SetCopy,
  type VerifyReport,
} from '@geolens/backup-core';
import { timeOf, type Notification } from '@geolens/backup-core/internal';
import { loggedVerification } from '../commands/verify.ts';
import { notify, replicaCheckNotification, restoreTestNotification } from '../notify/notifications.ts';
import { describeError } from '../present/hints.ts';
import { logError } from '../present/logger.ts';
import { reasonsOf } from '../present/verify-report.ts';
import type { CommandContext } from '../services.ts';
import { loop } from './loop.ts';

/** Outcome of a restore test before its end is recorded. */
type RestoreTestOutcome = Omit<JournalledRestoreTest, 'finishedAt'>;
type ReplicaCheckOutcome = Omit<JournalledReplicaCheck, 'finishedAt'>;

interface ScheduledCheck<T extends object> {
  readonly what: 'restore test' | 'replica check';
  /** Field of the journal for the last scheduled time. */
  readonly slot: 'lastRestoreTestSlot' | 'lastReplicaCheckSlot';
  /** First part of its event names in the log. */
  readonly event: 'drill' | 'replica_check';
  /** Runs the check. Returns `undefined` if there is nothing to check. */
  readonly check: () => Promise<T | undefined>;
  /** Returns the outcome of a check that failed with an error. */
  readonly skipped: (problem: string) => T;
  readonly change: (done: T & { readonly finishedAt: string }) => JournalState;
  readonly notification: (done: T & { readonly finishedAt: string }) => Notification;
}

/** Maximum number of bytes to read from each replica. The first set is read whatever its size. */
const SHARE_BYTES = 10_000_000_000;

/** Maximum read rate in bytes per second. */
const BYTES_PER_SECOND = 20_000_000;

/**
 * Runs a restore test of the newest set at each time of its schedule, until the signal fires. Uses the stores
 * in turn.
 */
export async function runScheduledRestoreTests(context: CommandContext, schedule: Schedule): Promise<void> {
  const { database } = context.config.connection;
  await runScheduled<RestoreTestOutcome>(context, schedule, {
    what: 'restore test',
    slot: 'lastRestoreTestSlot',
    event: 'drill',
    check: () => restoreTest(context),
    skipped: (problem) => ({ outcome: 'skipped', problem }),
    change: (lastRestoreTest) => ({ lastRestoreTest }),
    notification: (done) => restoreTestNotification(database, done, context.tail.text(), context.redact),
  });
}

/**
 * Reads a share of each replica in full at each time of its schedule, until the signal fires. Starts with the
 * sets whose last check is the oldest.
 */
export async function runScheduledReplicaChecks(context: CommandContext, schedule: Schedule): Promise<void> {
  const { database } = context.config.connection;
  await runScheduled<ReplicaCheckOutcome>(context, schedule, {
    what: 'replica check',
    slot: 'lastReplicaCheckSlot',
    event: 'replica_check',
    check: () => checkReplicas(context),
    skipped: (problem) => ({ outcome: 'skipped', sets: 0, problem }),
    change: (lastReplicaCheck) => ({ lastReplicaCheck }),
    notification: (done) => replicaCheckNotification(database, done, context.tail.text(), context.redact),
  });
}

/** Runs a check at each scheduled time, records its outcome and notifies the channels. */
async function runScheduled<T extends object>(
  context: CommandContext,
  schedule: Schedule,
  { what, slot, event, check, skipped, change, notification }: ScheduledCheck<T>,
): Promise<void> {
  const { config, services, log, signal } = context;
  const { clock, journal } = services;
  const checkOnce = async (): Promise<T | undefined> => {
    try {
      return await check();
    } catch (error) {
      if (isBackupError(error, 'ABORTED')) return undefined;
      const failure = toBackupError(error);
      logError(log, `${event}.error`, failure);
      return skipped(describeError(failure));
    }
  };
  const runOnce = async (): Promise<'made'> => {
    const found = await checkOnce();
    if (found === undefined) return 'made';
    const done = { ...found, finishedAt: clock.now().toISOString() };
    await journal.update(change(done)).catch((error: unknown) => {
      log.warn(`${event}.journal`, `the outcome of the ${what} could not be noted: ${describeError(error)}`);
    });
    await notify(context, notification(done));
    return 'made';
  };
  await loop(
    { clock, journal: slotJournal(journal, slot), log, what, doneAt: () => Promise.resolve([]), runOnce },
    { schedule, catchUp: config.catchUp, onStart: 'never', signal },
  );
}

/** Returns a journal that holds the scheduled times of a check in place of those of runs. */
function slotJournal(
  journal: RunJournal,
  slot: ScheduledCheck<object>['slot'],
): Pick<RunJournal, 'read' | 'update'> {
  return {
    read: async () => {
      const { firstStartAt, [slot]: lastSlot } = await journal.read();
      return { firstStartAt, lastSlot };
    },
    update: ({ lastSlot, firstStartAt }: JournalState) =>
      journal.update({
        ...(firstStartAt !== undefined && { firstStartAt }),
        ...(lastSlot !== undefined && { [slot]: lastSlot }),
      }),
  };
}

async function restoreTest(context: CommandContext): Promise<RestoreTestOutcome | undefined> {
  const { config, services, log, signal } = context;
  try {
    const { lastRestoreTest } = await services.journal.read();
    const { database } = config.connection;
    const { readCipher: cipher } = services;
    const query = { wanted: 'latest', database, now: services.clock.now(), cipher, signal } as const;
    const inStores = await selectSets(inTurn(services.stores, lastRestoreTest?.store), query, TO_VERIFY);
    const selected = inStores.copies.some((copy) => isLocked(copy, cipher))
      ? await selectSets([services.primary], query, TO_VERIFY)
      : inStores;
    const tested = outcomeOf(await loggedVerification(context, selected, { restore: true }));
    const store = services.stores.length > 1 ? selected.copies[0]?.stored?.store.name : undefined;
    return { ...tested, ...(store !== undefined && { store }) };
  } catch (error) {
    if (!isBackupError(error, 'SET_NOT_FOUND')) throw error;
    log.info('drill.nothing', 'no set is there yet to be tested');
    return undefined;
  }
}

/** Returns the stores in turn, starting after the store of the last restore test. */
function inTurn(stores: readonly ArtifactStore[], last: string | undefined): readonly ArtifactStore[] {
  const next = stores.findIndex(({ name }) => name === last) + 1;
  return [...stores.slice(next), ...stores.slice(0, next)];
}

async function checkReplicas(context: CommandContext): Promise<ReplicaCheckOutcome | undefined> {
  const share = await shareOfReplicas(context);
  if (share.copies.length === 0 && share.errors.length === 0) return undefined;
  const report = withBytesAlone(
    await loggedVerification(context, share, { restore: false, bytesPerSecond: BYTES_PER_SECOND }),
    context.services.readCipher,
  );
  const [error] = report.errors;
  const sets = report.copies.length;
  const failure = error && { outcome: 'inconclusive' as const, problem: describeError(error) };
  if (sets === 0) return { outcome: 'inconclusive', ...failure, sets };
  const { outcome, problem } = outcomeOf(report);
  if (outcome !== 'failed' && failure !== undefined) return { ...failure, sets };
  return { outcome, sets, ...(problem !== undefined && { problem }) };
}

async function shareOfReplicas({ config, services, signal }: CommandContext): Promise<SelectedSets> {
  const copies: SetCopy[] = [];
  const errors = [];
  for await (const answer of readStores(services.stores.slice(1), { signal })) {
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
      copies.push(copyOfSet(store, set, { cipher: services.readCipher, signal }));
    }
  }
  return { copies, notes: [], errors };
}

/** Returns a report in which encrypted copies pass with their bytes, if this host has no identity. */
function withBytesAlone(report: VerifyReport, cipher: Cipher | undefined): VerifyReport {
  const copies = report.copies.map((one) =>
    one.outcome === 'inconclusive' && one.error === undefined && isLocked(one.copy, cipher)
      ? { ...one, outcome: 'passed' as const }
      : one,
  );
  return { ...report, copies };
}

/** Returns whether a copy is encrypted and this host has no identity: then only its bytes can be checked. */
function isLocked({ manifest }: SetCopy, cipher: Cipher | undefined): boolean {
  return manifest?.encryption !== undefined && (cipher?.identities ?? []).length === 0;
}

const WORST_FIRST: readonly CheckOutcome[] = ['failed', 'inconclusive', 'skipped', 'passed'];

/** Returns the outcome of the worst copy. */
function outcomeOf({ copies }: VerifyReport): RestoreTestOutcome {
  const rank = ({ outcome }: CopyReport): number => WORST_FIRST.indexOf(outcome);
  const worst = copies.reduce((former, copy) => (rank(copy) < rank(former) ? copy : former));
  const reasons = reasonsOf(worst);
  return {
    timestamp: worst.copy.stored?.set.timestamp,
    outcome: worst.outcome,
    ...(reasons.length > 0 && { problem: reasons.join('; ') }),
  };
}
