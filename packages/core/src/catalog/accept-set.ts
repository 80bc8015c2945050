import { BackupError, errorText, throwIfAborted, toBackupError, withReason } from '../base/errors.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lock } from '../ports/lock.ts';
import { isWhole, type BackupSet } from '../model/backup-set.ts';
import type { StoredSet } from '../ports/set-copy.ts';
import type { Learnt } from '../model/state-file.ts';
import { readStores } from './read-stores.ts';
import { hasOpenFailure } from './restore-tests.ts';
import { recordState } from './state-files.ts';

/** Dependencies of accepting a set. */
export interface AcceptParts {
  /** All stores that may have the set, the primary store first. */
  readonly stores: readonly ArtifactStore[];
  readonly clock: Clock;
  readonly lock: Lock;
}

/** The set to accept: suspicious, or with a failed restore test. */
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

/** Result of accepting a set. */
export interface AcceptReport {
  readonly timestamp: RunTimestamp;
  /** Copies that were suspicious and are accepted. Empty if the set was not suspicious. */
  readonly accepted: readonly AcceptedCopy[];
  /** Copies whose failed restore test is accepted. `undefined` if there are none. */
  readonly acceptedTests?: readonly AcceptedCopy[] | undefined;
  /** One error for each unreachable store and each copy that could not be changed. */
  readonly errors: readonly BackupError[];
}

/**
 * Accepts a suspicious set or a failed restore test, in the state file of every copy in every store and tier.
 * A suspicious set then counts as complete, and older sets are no baseline. A failed restore test no longer
 * causes alerts. A failure in one place does not stop the others. Safe to repeat.
 * @throws BackupError LOCK_HELD if another process works on the volume
 * @throws BackupError SET_NOT_FOUND if no copy exists that can be accepted
 * @throws BackupError of a store if no copy could be changed
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

/** Includes bad copies with a suspicion, so that they are not suspicious after a repair. */
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
): Promise<readonly StoredSet[]> {
  const copies: StoredSet[] = [];
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
  found: readonly StoredSet[],
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
  copies: readonly StoredSet[],
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
