import { BackupError, errorText, throwIfAborted, toBackupError, withReason } from '../base/errors.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lock } from '../ports/lock.ts';
import { isWhole, type BackupSet } from '../model/backup-set.ts';
import type { StoredSet } from '../ports/set-copy.ts';
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
  /** Whether to revoke an earlier acceptance instead. Defaults to false. */
  readonly revoke?: boolean | undefined;
  /** Asks for consent before copies are changed. Defaults to consent. */
  readonly confirm?: ((copies: readonly StoredSet[]) => Promise<boolean>) | undefined;
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
  /** Present if acceptances were revoked. */
  readonly revoked?: true | undefined;
  /**
   * Copies that were suspicious and are accepted, or whose acceptance is revoked. Empty if there was nothing to
   * change.
   */
  readonly accepted: readonly AcceptedCopy[];
  /** Copies whose failed restore test is accepted, or no longer accepted. `undefined` if there are none. */
  readonly acceptedTests?: readonly AcceptedCopy[] | undefined;
  /** One error for each unreachable store and each copy that could not be changed. */
  readonly errors: readonly BackupError[];
}

/**
 * Accepts a suspicious set or a failed restore test, in the state file of every copy in every store and tier.
 * A suspicious set then counts as complete, and older sets are no baseline. A failed restore test no longer
 * causes alerts. `revoke` undoes both: the set is suspicious again, and so are later sets that were measured by
 * it. A failure in one place does not stop the others. Safe to repeat.
 * @throws BackupError ABORTED if consent was not given
 * @throws BackupError LOCK_HELD if another process works on the volume
 * @throws BackupError SET_NOT_FOUND if no copy exists that can be accepted
 * @throws BackupError of a store if no copy could be changed
 */
export async function acceptSet(
  { stores, clock, lock }: AcceptParts,
  { database, timestamp, revoke = false, confirm, signal: stop }: AcceptOptions,
): Promise<AcceptReport> {
  const lease = await lock.acquire({ command: 'accept' }, { signal: stop });
  const signal = AbortSignal.any([lease.lost, ...(stop === undefined ? [] : [stop])]);
  try {
    const errors: BackupError[] = [];
    const found = await findCopies(stores, timestamp, errors, signal);
    const copies = found.filter(({ set }) => set.database === database);
    const revoked = revoke ? ({ revoked: true } as const) : {};
    const [ofSet, ofTest] = revoke ? [isAccepted, hasAcceptedFailure] : [isSuspected, hasOpenFailure];
    const open = copies.filter(({ set }) => set.state !== 'partial' && (ofSet(set) || ofTest(set)));
    const nothing = copies.filter(({ set }) => isDone(set, revoke) && !ofTest(set));
    if (!open.some(({ set }) => isWhole(set))) {
      if (nothing.length > 0) return { timestamp, ...revoked, accepted: [], errors };
      if (errors[0] !== undefined && errors.length === stores.length) throw errors[0];
      throw copies.length === 0
        ? notFound(found, database, timestamp, errors)
        : refused(copies, timestamp, errors, revoke);
    }
    if (confirm !== undefined && !(await confirm(open)))
      throw new BackupError('ABORTED', 'it was not confirmed; nothing was changed');
    const accepted: AcceptedCopy[] = [];
    const acceptedTests: AcceptedCopy[] = [];
    for (const { store, set } of open) {
      throwIfAborted(signal);
      try {
        const acceptedAt = revoke ? undefined : clock.now().toISOString();
        const { restoreTest } = set.checks;
        const learnt = {
          ...(ofSet(set) && { acceptedAt }),
          ...(restoreTest && ofTest(set) && { checks: { restoreTest: { ...restoreTest, acceptedAt } } }),
        };
        await recordState(store, set, learnt, { signal });
        const copy = { store: store.name, tier: set.tier };
        if (ofSet(set)) accepted.push(copy);
        if (ofTest(set)) acceptedTests.push(copy);
      } catch (error) {
        throwIfAborted(signal);
        errors.push(toBackupError(error));
      }
    }
    const done = accepted.length + acceptedTests.length + nothing.length;
    if (done === 0 && errors[0] !== undefined) throw errors[0];
    return { timestamp, ...revoked, accepted, errors, ...(acceptedTests.length > 0 && { acceptedTests }) };
  } finally {
    await lease.release();
  }
}

/** Includes bad copies with a suspicion, so that they are not suspicious after a repair. */
function isSuspected({ suspicion }: BackupSet): boolean {
  return suspicion !== undefined;
}

/** An acceptance in a manifest, which an older version wrote, is part of the manifest and stays. */
function isAccepted({ acceptedAt, manifest }: BackupSet): boolean {
  return acceptedAt !== undefined && manifest?.acceptedAt === undefined;
}

function hasAcceptedFailure({ checks: { restoreTest } }: BackupSet): boolean {
  return restoreTest?.outcome === 'failed' && restoreTest.acceptedAt !== undefined;
}

/** Returns whether there is nothing to accept or to revoke. */
function isDone({ state, acceptedAt }: BackupSet, revoke: boolean): boolean {
  return revoke ? acceptedAt === undefined : state === 'complete';
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
  revoke: boolean,
): BackupError {
  const why = copies.map(({ store, set: { tier, state, problems, manifest } }) => {
    if (manifest?.acceptedAt !== undefined) return 'an older version wrote its acceptance into its manifest';
    const more = state === 'legacy' ? ['it has no manifest'] : problems;
    return `it is ${state} (${tier}, ${store.name}): ${more.join('; ')}`;
  });
  return new BackupError(
    'SET_NOT_FOUND',
    `set ${timestamp} cannot be ${revoke ? 'revoked' : 'accepted'}: ${why.join('; ')}${unasked(errors)}`,
    withReason('not-suspicious'),
  );
}

function unasked(errors: readonly BackupError[]): string {
  return errors.length === 0 ? '' : ` (not every store could be asked: ${errors.map(errorText).join('; ')})`;
}
