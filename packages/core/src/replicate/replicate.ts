import {
  BackupError,
  errorText,
  isBackupError,
  throwIfAborted,
  toBackupError,
  withReason,
} from '../base/errors.ts';
import type { ArtifactKey } from '../model/artifact-key.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { Phases } from '../progress/phases.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { isReplaced } from '../catalog/judge-replica.ts';
import { listAll } from '../catalog/read-sets.ts';
import { copySet, type CopySetRequest } from './copy-set.ts';
import { planReplication } from './plan-replication.ts';

/** What is replicated, and where to. */
export interface ReplicateRequest extends CopySetRequest {
  /** The sets of the primary, as they are now. */
  readonly sets: readonly BackupSet[];
  readonly database: string;
  /** Sets at most; 32 when absent. The others are left to the next runs. */
  readonly limit?: number | undefined;
}

/**
 * How many sets one run copies at most: an outage of two weeks is made good at once, years of history do not
 * block a day.
 */
const SETS_A_RUN = 32;

/** What fails for one set in this way fails for the others too. */
const HOPELESS = ['STALLED', 'STORE_UNAVAILABLE', 'STORE_FORBIDDEN', 'STORE_FULL'] as const;

/** A set that a run made whole on a replica. */
export interface ReplicatedSet {
  readonly tier: Tier;
  readonly timestamp: RunTimestamp;
}

/** What became of the replication to one store. */
export interface ReplicationReport {
  /** The name of the replica. */
  readonly store: string;
  /** What was copied now, newest first. */
  readonly copied: readonly ReplicatedSet[];
  /** How many sets the store still lacks; undefined when it could not be asked. */
  readonly missing: number | undefined;
  /** What killed runs had left there, and is gone now. */
  readonly cleanedUp: readonly string[];
  /** One for each set that could not be copied. */
  readonly errors: readonly BackupError[];
}

/**
 * Brings a replica up to the primary: every set of this database that is there and not here, newest first,
 * the manifest of each last. A set that fails does not keep the others from being copied; a store that cannot
 * be reached does. Never rejects; when the signal fires, the error is the signal's.
 */
export async function replicate(request: ReplicateRequest): Promise<ReplicationReport> {
  const { replica, sets, database, phases, limit = SETS_A_RUN, signal } = request;
  const copied: ReplicatedSet[] = [];
  const errors: BackupError[] = [];
  let missing: number | undefined;
  let cleanedUp: readonly string[] = [];
  try {
    cleanedUp = await cleanUp(replica, phases, signal);
    const there = await lengths(replica, signal);
    errors.push(...lostArtifacts(replica, there, sets));
    const wanted = planReplication({ sets, replica: there, database });
    missing = wanted.length;
    // A daily set that could not be copied, or is another process's there, is nothing to make a weekly one
    // from.
    const failed = new Set<RunTimestamp>();
    let failures = 0;
    for (const copy of wanted) {
      // A copy that is inspected in every run, and needs nothing, takes no place.
      if (copied.length + failures === limit) break;
      throwIfAborted(signal);
      try {
        const did = await copySet(copy, failed.has(copy.set.timestamp), request);
        if (did) copied.push({ tier: copy.set.tier, timestamp: copy.set.timestamp });
        missing -= 1;
        const replaced = copy.artifacts.filter(({ isReplaced }) => isReplaced);
        if (replaced.length > 0)
          errors.push(
            replacedError(
              replica,
              replaced.map(({ artifact }) => artifact.key),
              'it was sent again',
            ),
          );
      } catch (error) {
        errors.push(toBackupError(error));
        failures += 1;
        failed.add(copy.set.timestamp);
        if (signal?.aborted === true || isBackupError(error, ...HOPELESS)) break;
      }
    }
  } catch (error) {
    errors.push(toBackupError(error));
  }
  return { store: replica.name, copied, missing, cleanedUp, errors };
}

/** What cannot be cleared away costs money, and is no reason to make no copy. */
async function cleanUp(
  replica: ArtifactStore,
  phases: Phases,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  try {
    return await replica.cleanUp({ signal });
  } catch (error) {
    throwIfAborted(signal);
    if (isBackupError(error, 'STORE_UNAVAILABLE')) throw error;
    phases.warn(`what earlier runs left over on ${replica.name} could not be removed: ${errorText(error)}`);
    return [];
  }
}

/** Returns the length of each artifact; `undefined` for those that are not what was sent or found there. */
async function lengths(
  store: ArtifactStore,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<ArtifactKey, number | undefined>> {
  const records = await store.records?.read();
  const found = new Map<ArtifactKey, number | undefined>();
  for (const { key, bytes, tag } of await listAll(store, { signal }))
    found.set(key, isReplaced(records?.get(key), tag) ? undefined : bytes);
  const gone = [...(records?.keys() ?? [])].filter((key) => !found.has(key));
  if (gone.length > 0) await store.records?.update(new Map(gone.map((key) => [key, undefined])));
  return found;
}

/** Returns the error of what was replaced in a replica and is not here any more, if there is such. */
function lostArtifacts(
  replica: ArtifactStore,
  there: ReadonlyMap<ArtifactKey, number | undefined>,
  sets: readonly BackupSet[],
): readonly BackupError[] {
  const here = new Set(sets.flatMap(({ artifacts }) => artifacts.map(({ key }) => key)));
  const lost = [...there].flatMap(([key, bytes]) => (bytes === undefined && !here.has(key) ? [key] : []));
  return lost.length === 0 ? [] : [replacedError(replica, lost, 'the volume has it no more')];
}

function replacedError(replica: ArtifactStore, keys: readonly ArtifactKey[], then: string): BackupError {
  const more = keys.length > 1 ? ` (and ${keys.length - 1} more)` : '';
  return new BackupError(
    'ARTIFACT_MISMATCH',
    `${keys[0] ?? ''}${more} in ${replica.name} is not what was sent there: its ETag is another; ${then}`,
    withReason('replica-changed'),
  );
}
