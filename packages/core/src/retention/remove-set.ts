import { BackupError, throwIfAborted, withReason } from '../base/errors.ts';
import type { ArtifactKey } from '../model/artifact-key.ts';
import { bytesOf, isRestorable, newestFirst, type BackupSet } from '../model/backup-set.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import { applyRetention, readForRetention } from './apply-retention.ts';
import { heldText, removalOrder } from './plan-retention.ts';
import type { PruneOptions, PruneParts } from './prune.ts';

/** A set in all its tiers, and what its removal removes. */
export interface Removal {
  readonly timestamp: RunTimestamp;
  /** Keys in the order of the removal: the manifest of each tier first. */
  readonly remove: readonly ArtifactKey[];
  /** Total length of the artifacts in all tiers. */
  readonly bytes: number;
}

/** The set to remove, the mode and callbacks. */
export interface RemoveOptions extends Pick<PruneOptions, 'database' | 'dryRun' | 'signal' | 'onRemoved'> {
  readonly timestamp: RunTimestamp;
  /** Whether to remove even a held set, and the newest complete one. */
  readonly force: boolean;
  /** Current time. */
  readonly now: Date;
  /** Called before the first removal. A result of `false` ends it. */
  readonly confirm?: ((removal: Removal) => Promise<boolean>) | undefined;
}

/**
 * Removes a set from the primary store, in all its tiers. Copies in replicas stay.
 * @throws BackupError SET_NOT_FOUND if the primary store has no such set
 * @throws BackupError CONFIG_INVALID if it is held, or the newest complete set, without `force`
 * @throws BackupError LOCK_HELD if another process works on the volume
 */
export async function removeSet(
  { primary, lock }: Pick<PruneParts, 'primary' | 'lock'>,
  { dryRun, signal: stop, confirm, onRemoved, ...request }: RemoveOptions,
): Promise<Removal> {
  const plan = async (signal?: AbortSignal): Promise<Removal> =>
    planRemoval((await readForRetention(primary, { signal })).sets, request);
  if (dryRun) return plan(stop);
  const lease = await lock.acquire({ command: 'remove' }, { signal: stop });
  const signal = AbortSignal.any([lease.lost, ...(stop === undefined ? [] : [stop])]);
  try {
    const removal = await plan(signal);
    if (confirm !== undefined && !(await confirm(removal)))
      throw new BackupError('ABORTED', 'the removal was not confirmed; nothing was changed');
    throwIfAborted(signal);
    const { remove } = removal;
    await applyRetention(primary, { verdicts: [], remove, suspendedBy: undefined }, { signal, onRemoved });
    return removal;
  } finally {
    await lease.release();
  }
}

function planRemoval(
  sets: readonly BackupSet[],
  { database, timestamp, force, now }: Pick<RemoveOptions, 'database' | 'timestamp' | 'force' | 'now'>,
): Removal {
  const ours = sets.filter((set) => set.database === undefined || set.database === database);
  const copies = ours.filter((set) => set.timestamp === timestamp);
  if (copies.length === 0)
    throw new BackupError(
      'SET_NOT_FOUND',
      `there is no set ${timestamp} of database "${database}" on the volume`,
      withReason('set-missing'),
    );
  const held = copies.map((set) => heldText(set, now)).find((text) => text !== undefined);
  if (held !== undefined && !force)
    throw new BackupError('CONFIG_INVALID', `set ${timestamp} is ${held}`, withReason('set-held'));
  const ordered = [...ours].sort(newestFirst);
  const newest = ordered.find(({ state }) => state === 'complete') ?? ordered.find(isRestorable);
  if (newest?.timestamp === timestamp && !force)
    throw new BackupError(
      'CONFIG_INVALID',
      `set ${timestamp} is the newest complete set of database "${database}"`,
      withReason('newest-set'),
    );
  const stays = new Set(sets.filter((set) => !copies.includes(set)).flatMap(removalOrder));
  return {
    timestamp,
    remove: copies.flatMap(removalOrder).filter((key) => !stays.has(key)),
    bytes: copies.reduce((sum, set) => sum + bytesOf(set), 0),
  };
}
