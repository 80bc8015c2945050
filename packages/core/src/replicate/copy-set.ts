import { sha256Of } from '../base/sha256-of.ts';
import { throwIfAborted } from '../base/errors.ts';
import { inPublicationOrder } from '../catalog/publication-order.ts';
import { hasOpenFailure } from '../catalog/restore-tests.ts';
import { inherited, recordState, resetState } from '../catalog/state-files.ts';
import { splitKey } from '../model/artifact-key.ts';
import type { BackupSet, SetArtifact } from '../model/backup-set.ts';
import { timeOf } from '../model/state-file.ts';
import type { ArtifactSource, ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { PhaseWatch } from '../progress/phase-watch.ts';
import type { Phases } from '../progress/phases.ts';
import type { PlannedCopy, PlannedUpload } from './plan-replication.ts';
import { inspectReplicaCopy, type ReplicaState } from './replica-copy.ts';
import type { StagedUploads } from './staged-uploads.ts';

/** Where a set is copied from and to. */
export interface CopySetRequest {
  readonly primary: ArtifactStore;
  readonly replica: ArtifactStore;
  readonly phases: Phases;
  /** What was uploaded already, under no name yet. */
  readonly stagedUploads?: StagedUploads | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Copies what a replica lacks of a set, the manifest last.
 * @returns false if nothing had to be done
 */
export async function copySet(
  copy: PlannedCopy,
  withoutCopySource: boolean,
  request: CopySetRequest,
): Promise<boolean> {
  const { replica, phases, signal } = request;
  const { set } = copy;
  const found = copy.contested ? await inspectReplicaCopy(copy, request) : undefined;
  const artifacts = wantedOf(copy, found);
  if (artifacts.length === 0) return bringNews(set, found, request);
  const hasState = copy.stateFile !== undefined || inherited(set) !== undefined;
  if (hasState && found?.isBad !== true) await resetState(replica, set, { signal });
  for (const { artifact, copySource } of artifacts) {
    throwIfAborted(signal);
    const one = { artifact, copySource: withoutCopySource ? undefined : copySource, isReplaced: false };
    const of = {
      artifact: artifact.kind,
      tier: set.tier,
      bytes: () => artifact.bytes,
      expected: { atMost: artifact.bytes },
      peer: `to ${request.replica.name}`,
    };
    await phases.measure('replicate', (watch) => copyArtifact(set, one, request, watch), of);
  }
  // Last, so that a repair that is cut off is begun again.
  if (hasState && found?.isBad === true) await resetState(replica, set, { signal });
  return true;
}

/** What is to be copied: of a copy that is bad all, for its artifacts have the right lengths all the same. */
function wantedOf(
  { set, artifacts }: PlannedCopy,
  found: ReplicaState | undefined,
): readonly PlannedUpload[] {
  if (found === undefined) return artifacts;
  const others = artifacts.filter(({ artifact }) => artifact.kind !== 'manifest');
  // With its manifest, what is known of checks of the copy begins anew.
  const isRepaired = artifacts.some(({ isReplaced }) => isReplaced);
  const replaced = set.artifacts.filter(
    ({ kind }) => found.isBad || (kind === 'manifest' && (!found.hasManifest || isRepaired)),
  );
  return [
    ...(found.isBad ? [] : others),
    ...inPublicationOrder(replaced).map((artifact) => ({
      artifact,
      copySource: undefined,
      isReplaced: false,
    })),
  ];
}

/**
 * Brings an acceptance, and what takes a failed restore test back.
 * @returns false when there was nothing to do
 */
async function bringNews(
  set: BackupSet,
  found: ReplicaState | undefined,
  { replica, signal }: CopySetRequest,
): Promise<boolean> {
  const { acceptedAt, checks } = set;
  const { isAccepted, openFailure } = found ?? {};
  const isAcceptance = acceptedAt !== undefined && isAccepted === false;
  const isRefuted =
    openFailure !== undefined && !hasOpenFailure(set) && timeOf(checks.restoreTest) >= timeOf(openFailure);
  if (!isAcceptance && !isRefuted) return false;
  const learnt = {
    ...(isAcceptance && { acceptedAt }),
    ...(isRefuted && { checks: { restoreTest: checks.restoreTest } }),
  };
  await recordState(replica, set, learnt, { signal });
  return true;
}

/**
 * By the replica itself where it has the very same file in another tier, or what was staged: both are
 * cheap; otherwise, or when it will not, from here.
 */
async function copyArtifact(
  set: BackupSet,
  { artifact, copySource }: PlannedUpload,
  { primary, replica, stagedUploads, signal }: CopySetRequest,
  watch: PhaseWatch,
): Promise<void> {
  const cheap =
    copySource === undefined || !replica.capabilities.serverSideCopy
      ? await watch.apart(async () => stagedUploads?.take(replica, artifact.key))
      : { complete: () => replica.copy(copySource, artifact.key, { signal }) };
  if (cheap !== undefined) {
    try {
      await watch.apart(() => cheap.complete());
      return;
    } catch {
      throwIfAborted(signal);
    }
  }
  const source = await storedSource(primary, set, artifact, { signal });
  await replica.put(artifact.key, watch.source(source), { signal: watch.until(signal) });
}

/**
 * An artifact of a store as a source for another. Its SHA-256 is what the manifest says; where no manifest
 * says it (of the manifest itself, and in legacy sets), the artifact is read once to find out.
 */
async function storedSource(
  store: ArtifactStore,
  set: BackupSet,
  artifact: SetArtifact,
  options: StoreOptions,
): Promise<ArtifactSource> {
  const { key, bytes } = artifact;
  const { fileName } = splitKey(key);
  const entry = set.manifest?.artifacts.find(({ name }) => name === fileName);
  const sha256 = entry?.sha256 ?? (await sha256Of(store.read(key, undefined, options)));
  return { bytes, sha256, open: (range, reading) => store.read(key, range, { ...options, ...reading }) };
}
