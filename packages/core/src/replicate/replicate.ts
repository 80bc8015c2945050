import {
  BackupError,
  errorText,
  isBackupError,
  throwIfAborted,
  toBackupError,
  withReason,
} from '../base/errors.ts';
import { nameOfKey, plainKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { Phases } from '../progress/phases.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { isReplaced } from '../catalog/judge-replica.ts';
import { listAll } from '../catalog/read-sets.ts';
import { copySet, type CopiedBytes, type CopySetRequest } from './copy-set.ts';
import { planReplication } from './plan-replication.ts';

/** What is replicated, and where. */
export interface ReplicateRequest extends CopySetRequest {
  /** Current sets of the primary store. */
  readonly sets: readonly BackupSet[];
  readonly database: string;
  /** Maximum number of sets. Defaults to 32. Later runs copy the rest. */
  readonly limit?: number | undefined;
}

/**
 * Maximum number of sets per run. It covers an outage of two weeks, but years of history do not block a day.
 */
const SETS_A_RUN = 32;

/** Errors that affect all other sets too. */
const HOPELESS = ['STALLED', 'STORE_UNAVAILABLE', 'STORE_FORBIDDEN', 'STORE_FULL'] as const;

/** A set that a run completed on a replica. */
export interface ReplicatedSet extends CopiedBytes {
  readonly tier: Tier;
  readonly timestamp: RunTimestamp;
}

/** Result of the replication to one store. */
export interface ReplicationReport {
  /** Name of the replica. */
  readonly store: string;
  /** Copied sets, newest first. */
  readonly copied: readonly ReplicatedSet[];
  /** Number of sets that the store still lacks. `undefined` if it was unreachable. */
  readonly missing: number | undefined;
  /** Removed orphans of dead runs. */
  readonly cleanedUp: readonly string[];
  /** One error for each set that could not be copied. */
  readonly errors: readonly BackupError[];
}

/**
 * Replicates sets to a store that may encrypt. Sets that are encrypted already are copied as they are, to the
 * store beneath it.
 */
export async function replicateSets(request: ReplicateRequest): Promise<ReplicationReport> {
  const { replica, sets } = request;
  const { encryption } = replica.capabilities;
  const encrypted = sets.filter(({ manifest }) => manifest?.encryption !== undefined);
  if (encryption === undefined || encrypted.length === 0) return replicate(request);
  const plain = sets.filter((set) => !encrypted.includes(set));
  const first = await replicate({ ...request, replica: encryption.store, sets: encrypted }, sets);
  if (first.errors.some((error) => isBackupError(error, ...HOPELESS))) return first;
  const limit = (request.limit ?? SETS_A_RUN) - first.copied.length;
  const second = await replicate({ ...request, sets: plain, limit }, sets);
  return {
    store: replica.name,
    copied: [...first.copied, ...second.copied],
    missing: second.missing === undefined ? undefined : (first.missing ?? 0) + second.missing,
    cleanedUp: [...first.cleanedUp, ...second.cleanedUp],
    errors: [...first.errors, ...second.errors],
  };
}

/**
 * Copies every set of this database that a replica lacks, newest first, with each manifest last. A failing
 * set does not stop the others; an unreachable store does. Never rejects: the report has the errors. After an
 * abort, the error is that of the signal.
 * @param all sets of the primary store, if only some are replicated. Defaults to the replicated ones.
 */
export async function replicate(
  request: ReplicateRequest,
  all: readonly BackupSet[] = request.sets,
): Promise<ReplicationReport> {
  const { replica, sets, database, phases, limit = SETS_A_RUN, signal } = request;
  const copied: ReplicatedSet[] = [];
  const errors: BackupError[] = [];
  let missing: number | undefined;
  let cleanedUp: readonly string[] = [];
  try {
    cleanedUp = await cleanUp(replica, phases, signal);
    const { there, rolledBack } = await lengths(replica, signal);
    if (rolledBack !== undefined) errors.push(rolledBack);
    errors.push(...lostArtifacts(replica, there, all));
    const wanted = planReplication({ sets, replica: there, database });
    missing = wanted.length;
    // Failed sets. Their daily artifacts cannot serve as copy source: they may be missing or of another
    // process.
    const failed = new Set<RunTimestamp>();
    let failures = 0;
    for (const copy of wanted) {
      // Only copied or failed sets count towards the limit.
      if (copied.length + failures === limit) break;
      throwIfAborted(signal);
      try {
        const did = await copySet(copy, failed.has(copy.set.timestamp), request);
        if (did !== undefined) copied.push({ tier: copy.set.tier, timestamp: copy.set.timestamp, ...did });
        missing -= 1;
        const replaced = did === undefined ? [] : copy.artifacts.filter(({ isReplaced }) => isReplaced);
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

/** Removes orphans. Failures only cost storage, and do not stop the replication. */
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

/**
 * Returns the length of each artifact. `undefined` for artifacts that differ from what was uploaded or
 * verified. Also returns the error of a store that has lost of the newest signed set that was stored there.
 */
async function lengths(
  store: ArtifactStore,
  signal: AbortSignal | undefined,
): Promise<{
  readonly there: ReadonlyMap<ArtifactKey, number | undefined>;
  readonly rolledBack: BackupError | undefined;
}> {
  const records = await store.records?.read();
  const found = new Map<ArtifactKey, number | undefined>();
  for (const { key, bytes, tag } of await listAll(store, { signal }))
    found.set(key, isReplaced(records?.get(key), tag) ? undefined : bytes);
  const gone = [...(records?.keys() ?? [])].filter((key) => !found.has(key));
  const lost = lostSignatures([...(records?.keys() ?? [])], gone);
  // Their records stay until a newer signed set is stored, so that every run reports them until then.
  const forgotten = gone.filter((key) => !lost.includes(key));
  if (forgotten.length > 0) await store.records?.update(new Map(forgotten.map((key) => [key, undefined])));
  return { there: found, rolledBack: lost.length === 0 ? undefined : rolledBackError(store, lost) };
}

/** Returns the signatures of the newest set that a store is known to have, if they are gone. */
function lostSignatures(known: readonly ArtifactKey[], gone: readonly ArtifactKey[]): readonly ArtifactKey[] {
  const signatures = known.filter((key) => nameOfKey(key)?.kind === 'signature');
  const timestampOf = (key: ArtifactKey): string => nameOfKey(key)?.timestamp ?? '';
  const newest = signatures.map(timestampOf).sort().at(-1);
  return gone.filter((key) => signatures.includes(key) && timestampOf(key) === newest);
}

function rolledBackError({ name }: ArtifactStore, lost: readonly ArtifactKey[]): BackupError {
  const text = `${name} lacks ${lost.join(', ')}, of the newest signed set that was stored there: it was removed, or the store was set back`;
  return new BackupError('ARTIFACT_NOT_FOUND', text, withReason('replica-changed'));
}

/** Returns an error if the replica has replaced artifacts that the volume no longer has. */
function lostArtifacts(
  replica: ArtifactStore,
  there: ReadonlyMap<ArtifactKey, number | undefined>,
  sets: readonly BackupSet[],
): readonly BackupError[] {
  const here = new Set(sets.flatMap(({ artifacts }) => artifacts.map(({ key }) => plainKey(key))));
  const lost = [...there].flatMap(([key, bytes]) =>
    bytes === undefined && !here.has(plainKey(key)) ? [key] : [],
  );
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
