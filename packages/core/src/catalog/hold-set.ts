import { BackupError, throwIfAborted, toBackupError, withReason } from '../base/errors.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { LONGEST_NOTE, type Hold } from '../model/state-file.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { StoredSet } from '../ports/set-copy.ts';
import type { AcceptParts } from './accept-set.ts';
import { readStores } from './read-stores.ts';
import { recordState } from './state-files.ts';

/** The set to hold or to release. */
export interface HoldOptions {
  readonly database: string;
  readonly timestamp: RunTimestamp;
  /** Note and end of the hold. `undefined` releases the set. */
  readonly hold: Omit<Hold, 'at'> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Result of holding or releasing a set. */
export interface HoldReport {
  readonly timestamp: RunTimestamp;
  /** The hold. `undefined` if the set was released. */
  readonly hold: Hold | undefined;
  /** Changed copies. */
  readonly changed: readonly { readonly store: string; readonly tier: Tier }[];
  /** One error for each unreachable store and each copy that could not be changed. */
  readonly errors: readonly BackupError[];
}

/**
 * Holds a set, or releases it, in the state file of every copy in every store and tier. Retention does not
 * remove a held set and does not count it. Later copies of it inherit the hold. A failure in one place does
 * not stop the others. Safe to repeat.
 * @throws BackupError CONFIG_INVALID if the note is too long
 * @throws BackupError LOCK_HELD if another process works on the volume
 * @throws BackupError SET_NOT_FOUND if no store has a copy with a manifest
 * @throws BackupError of a store if no copy could be changed
 */
export async function holdSet(
  { stores, clock, lock }: AcceptParts,
  { database, timestamp, hold: wanted, signal: stop }: HoldOptions,
): Promise<HoldReport> {
  if ((wanted?.note ?? '').length > LONGEST_NOTE)
    throw new BackupError('CONFIG_INVALID', `the note has more than ${LONGEST_NOTE} characters`);
  const lease = await lock.acquire({ command: 'hold' }, { signal: stop });
  const signal = AbortSignal.any([lease.lost, ...(stop === undefined ? [] : [stop])]);
  try {
    const errors: BackupError[] = [];
    const copies: StoredSet[] = [];
    for await (const answer of readStores(stores, { signal })) {
      if (answer.error !== undefined) errors.push(answer.error);
      else
        for (const set of answer.sets)
          if (isWanted(set, database, timestamp)) copies.push({ store: answer.store, set });
    }
    const hold = wanted && { ...wanted, at: clock.now().toISOString() };
    const changed: { readonly store: string; readonly tier: Tier }[] = [];
    for (const { store, set } of copies) {
      throwIfAborted(signal);
      try {
        await recordState(store, set, { hold: hold ?? null }, { signal });
        changed.push({ store: store.name, tier: set.tier });
      } catch (error) {
        throwIfAborted(signal);
        errors.push(toBackupError(error));
      }
    }
    if (changed.length > 0) return { timestamp, hold, changed, errors };
    throw (
      errors[0] ??
      new BackupError(
        'SET_NOT_FOUND',
        `there is no set ${timestamp} of database "${database}" with a manifest`,
        withReason('set-missing'),
      )
    );
  } finally {
    await lease.release();
  }
}

/** A set without a manifest has no state file, so it cannot be held. */
function isWanted(set: BackupSet, database: string, timestamp: RunTimestamp): boolean {
  return set.timestamp === timestamp && set.database === database && set.manifest !== undefined;
}
