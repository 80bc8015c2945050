import { BackupError, errorText, throwIfAborted, toBackupError, withReason } from '../base/errors.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lock } from '../ports/lock.ts';
import { isWhole, type BackupSet } from '../model/backup-set.ts';
import type { Learnt } from '../model/state-file.ts';
import { readStores } from './read-stores.ts';
import { hasOpenFailure } from './restore-tests.ts';
import { recordState } from './state-files.ts';

/** Everything that accepting a set works with. */
export interface AcceptParts {
  /** Every store that may have the set, the primary one first. */
  readonly stores: readonly ArtifactStore[];
  readonly clock: Clock;
  readonly lock: Lock;
}

/** Which set is accepted: one that is suspicious, or whose restore test failed. */
export interface AcceptOptions {
  readonly database: string;
  readonly timestamp: RunTimestamp;
  readonly signal?: AbortSignal | undefined;
}

/** A copy of a set in a tier of a store. */
export interface AcceptedCopy {
  readonly store: string;
  readonly tier: Tier;
}

/** What became of the acceptance of a set. */
export interface AcceptReport {
  readonly timestamp: RunTimestamp;
  /** The copies that were suspicious, and are no longer; none where the set was not suspicious. */
  readonly accepted: readonly AcceptedCopy[];
  /** The copies whose failed restore test is accepted now; absent if there are none. */
  readonly acceptedTests?: readonly AcceptedCopy[] | undefined;
  /** One for each store that could not be asked, and each copy that could not be changed. */
  readonly errors: readonly BackupError[];
}

interface Copy {
  readonly store: ArtifactStore;
  readonly set: BackupSet;
}

/**
 * Records that a suspicious set is what it should be, and that a failed restore test is no longer to be
 * alerted of, in every store and tier that has the set, in the state file of each copy. From then on a
 * suspicious set counts as complete, and older sets are no baseline. What fails in one place does not keep
 * the others from being done; it can be repeated.
 * @throws BackupError LOCK_HELD when another process works on the volume; SET_NOT_FOUND when no copy is there
 *   that could be accepted; what the stores fail with, when nothing could be done at all
 */
export async function acceptSet(
  { stores, clock, lock }: AcceptParts,
  { database, timestamp, signal: stop }: AcceptOptions,
): Promise<AcceptReport> {
  const lease = await lock.acquire({ command: 'accept' }, { signal: stop });
  const signal = AbortSignal.any([lease.lost, ...(stop === undefined ? [] : [stop])]);
  try {
    const errors: BackupError[] = [];
    const found = await findCopies(stores, timestamp, errors, signal);
    const copies = found.filter(({ set }) => set.database === database);
    const nothing = copies.filter(({ set }) => set.state === 'complete' && !hasOpenFailure(set));
    const open = copies.filter(
      ({ set }) => isSuspected(set) || (set.state !== 'partial' && hasOpenFailure(set)),
    );
    if (!open.some(({ set }) => isWhole(set))) {
      if (nothing.length > 0) return { timestamp, accepted: [], errors };
      if (errors[0] !== undefined && errors.length === stores.length) throw errors[0];
      throw copies.length === 0
        ? notFound(found, database, timestamp, errors)
        : refused(copies, timestamp, errors);
    }
    const accepted: AcceptedCopy[] = [];
    const acceptedTests: AcceptedCopy[] = [];
    for (const { store, set } of open) {
      throwIfAborted(signal);
      try {
        await recordState(store, set, acceptanceOf(set, clock.now()), { signal });
        const copy = { store: store.name, tier: set.tier };
        if (isSuspected(set)) accepted.push(copy);
        if (hasOpenFailure(set)) acceptedTests.push(copy);
      } catch (error) {
        throwIfAborted(signal);
        errors.push(toBackupError(error));
      }
    }
    const done = accepted.length + acceptedTests.length + nothing.length;
    if (done === 0 && errors[0] !== undefined) throw errors[0];
    return { timestamp, accepted, errors, ...(acceptedTests.length > 0 && { acceptedTests }) };
  } finally {
    await lease.release();
  }
}

/** A copy that a check found bad may be suspicious too, and is no longer once it is repaired. */
function isSuspected({ state, suspicion }: BackupSet): boolean {
  return state !== 'partial' && suspicion !== undefined;
}

function acceptanceOf(set: BackupSet, now: Date): Learnt {
  const acceptedAt = now.toISOString();
  const { restoreTest } = set.checks;
  return {
    ...(isSuspected(set) && { acceptedAt }),
    ...(restoreTest !== undefined &&
      hasOpenFailure(set) && { checks: { restoreTest: { ...restoreTest, acceptedAt } } }),
  };
}

async function findCopies(
  stores: readonly ArtifactStore[],
  timestamp: RunTimestamp,
  errors: BackupError[],
  signal: AbortSignal,
): Promise<readonly Copy[]> {
  const copies: Copy[] = [];
  for await (const answer of readStores(stores, { signal })) {
    if (answer.error !== undefined) errors.push(answer.error);
    else
      copies.push(
        ...answer.sets
          .filter((set) => set.timestamp === timestamp)
          .map((set) => ({ store: answer.store, set })),
      );
  }
  return copies;
}

function notFound(
  found: readonly Copy[],
  database: string,
  timestamp: RunTimestamp,
  errors: readonly BackupError[],
): BackupError {
  const databases = [...new Set(found.flatMap(({ set }) => set.database ?? []))];
  return new BackupError(
    'SET_NOT_FOUND',
    `there is no set ${timestamp} of database "${database}"${unasked(errors)}`,
    databases.length === 0 ? withReason('set-missing') : withReason('set-of-other-database', { databases }),
  );
}

function refused(
  copies: readonly Copy[],
  timestamp: RunTimestamp,
  errors: readonly BackupError[],
): BackupError {
  const why = copies.map(({ store, set: { tier, state, problems } }) => {
    const more = state === 'legacy' ? ['it has no manifest'] : problems;
    return `it is ${state} (${tier}, ${store.name}): ${more.join('; ')}`;
  });
  return new BackupError(
    'SET_NOT_FOUND',
    `set ${timestamp} cannot be accepted: ${why.join('; ')}${unasked(errors)}`,
    withReason('not-suspicious'),
  );
}

function unasked(errors: readonly BackupError[]): string {
  return errors.length === 0 ? '' : ` (not every store could be asked: ${errors.map(errorText).join('; ')})`;
}
