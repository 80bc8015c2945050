import { isBackupError, throwIfAborted, toBackupError, type BackupError } from '../errors.ts';
import type { ArtifactKey } from '../naming/artifact-key.ts';
import { TIERS, type Tier } from '../naming/tier.ts';
import type { RunTimestamp } from '../naming/timestamp.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { PhaseWatch } from '../run/phase-watch.ts';
import type { Phases } from '../run/phases.ts';
import type { BackupSet } from '../sets/backup-set.ts';
import { inPublicationOrder } from '../sets/publication-order.ts';
import type { SentAhead } from './sent-ahead.ts';
import { planReplication, type ArtifactCopy, type SetCopy } from './plan-replication.ts';
import { storedSource } from './stored-source.ts';
import { isBad, readTheirs, updateManifest } from './their-manifest.ts';

/**
 * How many sets one run copies at most: an outage of two weeks is made good at once, years of history do not
 * block a day.
 */
const SETS_A_RUN = 32;

/** What fails for one set in this way fails for the others too. */
const HOPELESS = ['STORE_UNAVAILABLE', 'STORE_FORBIDDEN', 'STORE_FULL'] as const;

export interface ReplicateRequest {
  readonly primary: ArtifactStore;
  readonly replica: ArtifactStore;
  /** The sets of the primary, as they are now. */
  readonly sets: readonly BackupSet[];
  readonly database: string;
  readonly phases: Phases;
  /** What is there already, under no name yet. */
  readonly ahead?: SentAhead | undefined;
  /** Sets at most; 32 when absent. The others are left to the next runs. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

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
  readonly swept: readonly string[];
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
  let swept: readonly string[] = [];
  try {
    swept = await sweep(replica, phases, signal);
    const wanted = planReplication({ sets, replica: await lengths(replica, signal), database });
    missing = wanted.length;
    // A daily set that could not be copied, or is somebody else's there, is nothing to make a weekly one
    // from.
    const failed = new Set<RunTimestamp>();
    for (const copy of wanted) {
      // A manifest that only tells more than ours is looked at in every run, and takes nobody's place.
      if (copied.length + errors.length === limit) break;
      throwIfAborted(signal);
      try {
        const did = await copySet(copy, failed.has(copy.set.timestamp), request);
        if (did) copied.push({ tier: copy.set.tier, timestamp: copy.set.timestamp });
        missing -= 1;
      } catch (error) {
        errors.push(toBackupError(error));
        failed.add(copy.set.timestamp);
        if (signal?.aborted === true || isBackupError(error, ...HOPELESS)) break;
      }
    }
  } catch (error) {
    errors.push(toBackupError(error));
  }
  return { store: replica.name, copied, missing, swept, errors };
}

/** What cannot be cleared away costs money, and is no reason to make no copy. */
async function sweep(
  replica: ArtifactStore,
  phases: Phases,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  try {
    return await replica.sweep({ signal });
  } catch (error) {
    throwIfAborted(signal);
    if (isBackupError(error, 'STORE_UNAVAILABLE')) throw error;
    phases.warn(
      `what earlier runs left over on ${replica.name} could not be removed: ${toBackupError(error).message}`,
    );
    return [];
  }
}

async function lengths(
  store: ArtifactStore,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<ArtifactKey, number>> {
  const found = new Map<ArtifactKey, number>();
  for (const tier of TIERS) {
    for await (const { key, bytes } of store.list(tier, { signal })) found.set(key, bytes);
  }
  return found;
}

/** @returns false when there was nothing to do after all */
async function copySet(copy: SetCopy, withoutTwins: boolean, request: ReplicateRequest): Promise<boolean> {
  const { phases, signal } = request;
  const { set } = copy;
  const theirs = copy.contested ? await readTheirs(set, request) : undefined;
  const onlyManifest = copy.artifacts.every(({ artifact }) => artifact.kind === 'manifest');
  if (theirs !== undefined && onlyManifest && !isBad(theirs)) return updateManifest(set, theirs, request);
  // A copy that was found bad has the right length all the same.
  const artifacts = isBad(theirs)
    ? inPublicationOrder(set.artifacts).map((artifact) => ({ artifact, twin: undefined }))
    : copy.artifacts;
  for (const { artifact, twin } of artifacts) {
    throwIfAborted(signal);
    const one = { artifact, twin: withoutTwins ? undefined : twin };
    const of = {
      artifact: artifact.kind,
      tier: set.tier,
      bytes: () => artifact.bytes,
      expected: { atMost: artifact.bytes },
    };
    await phases.measure('replicate', (watch) => copyArtifact(set, one, request, watch), of);
  }
  return true;
}

/**
 * By the replica itself where it has the very same file in another tier, or what was sent ahead: both are
 * cheap; otherwise, or when it will not, from here.
 */
async function copyArtifact(
  set: BackupSet,
  { artifact, twin }: ArtifactCopy,
  { primary, replica, ahead, signal }: ReplicateRequest,
  watch: PhaseWatch,
): Promise<void> {
  const cheap =
    twin === undefined
      ? await ahead?.take(replica, artifact.key)
      : { complete: () => replica.copy(twin, artifact.key, { signal }) };
  if (cheap !== undefined) {
    try {
      await cheap.complete();
      return;
    } catch {
      throwIfAborted(signal);
    }
  }
  await replica.put(artifact.key, watch.source(await storedSource(primary, set, artifact, { signal })), {
    signal,
  });
}
