import { sha256Of } from '../base/sha256-of.ts';
import { throwIfAborted } from '../base/errors.ts';
import { inPublicationOrder } from '../catalog/publication-order.ts';
import { hasOpenFailure } from '../catalog/restore-tests.ts';
import { readableArtifact } from '../catalog/set-copy.ts';
import { inherited, recordState, resetState } from '../catalog/state-files.ts';
import type { BackupSet, SetArtifact } from '../model/backup-set.ts';
import { timeOf } from '../model/state-file.ts';
import type {
  ArtifactSource,
  ArtifactStore,
  StoreEncryption,
  StoreOptions,
} from '../ports/artifact-store.ts';
import type { PhaseWatch } from '../progress/phase-watch.ts';
import type { Phases } from '../progress/phases.ts';
import type { PlannedCopy, PlannedUpload } from './plan-replication.ts';
import { hasIntactCipherTexts } from './intact-cipher-texts.ts';
import { inspectReplicaCopy, type ReplicaState } from './replica-copy.ts';
import type { StagedUploads } from './staged-uploads.ts';

/** Source and target of copying a set. */
export interface CopySetRequest {
  readonly primary: ArtifactStore;
  readonly replica: ArtifactStore;
  readonly phases: Phases;
  /** Staged uploads to complete instead of copying. */
  readonly stagedUploads?: StagedUploads | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How much was copied. */
export interface CopiedBytes {
  readonly bytes: number;
  /** Duration of the transfer, including staged uploads. */
  readonly milliseconds: number;
}

/**
 * Copies the artifacts of a set that a replica lacks, the manifest last.
 * @returns how much was copied; `undefined` if there was nothing to do
 */
export async function copySet(
  copy: PlannedCopy,
  withoutCopySource: boolean,
  request: CopySetRequest,
): Promise<CopiedBytes | undefined> {
  const { replica, phases, signal } = request;
  const now = (): number => phases.clock.now().getTime();
  const { set } = copy;
  const found = copy.contested ? await inspectReplicaCopy(copy, request) : undefined;
  const { encryption } = replica.capabilities;
  const isListedOtherwise =
    copy.artifacts.length > 0 &&
    copy.artifacts.every(({ isReplaced, artifact }) => isReplaced && artifact.kind !== 'manifest');
  if (encryption !== undefined && found?.isBad === false && isListedOtherwise)
    if (await hasIntactCipherTexts(encryption.store, set, { signal })) return undefined;
  const artifacts = wantedOf(copy, found, encryption);
  if (artifacts.length === 0)
    return (await bringNews(set, found, request)) ? { bytes: 0, milliseconds: 0 } : undefined;
  const hasState = copy.stateFile !== undefined || inherited(set) !== undefined;
  if (hasState && found?.isBad !== true) await resetState(replica, set, { signal });
  let milliseconds = 0;
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
    const began = now();
    const staged = await phases.measure('replicate', (watch) => copyArtifact(set, one, request, watch), of);
    // The phase includes the wait for the end of a staged upload.
    milliseconds += Math.max(staged, now() - began);
  }
  // Comes last, so that an interrupted repair starts again.
  if (hasState && found?.isBad === true) await resetState(replica, set, { signal });
  return { bytes: artifacts.reduce((sum, { artifact }) => sum + artifact.bytes, 0), milliseconds };
}

/**
 * Returns the artifacts to copy. Of a bad copy these are all, because damaged artifacts have the right
 * lengths. A store that encrypts also gets all if it lacks one.
 */
function wantedOf(
  { set, artifacts }: PlannedCopy,
  found: ReplicaState | undefined,
  encryption: StoreEncryption | undefined,
): readonly PlannedUpload[] {
  if (found === undefined) return artifacts;
  // The manifest of an encrypted set names cipher texts, which differ each time, and a set has one form.
  const isChanged = artifacts.some(
    ({ artifact: { kind } }) =>
      kind !== 'manifest' && (kind !== 'signature' || (encryption?.recipients ?? []).length > 0),
  );
  const isWhole = found.isBad || (encryption !== undefined && isChanged);
  const others = artifacts.filter(({ artifact }) => artifact.kind !== 'manifest');
  // Copying the manifest again resets the known checks of the copy.
  const isRepaired = artifacts.some(({ isReplaced }) => isReplaced);
  const replaced = set.artifacts.filter(
    ({ kind }) => isWhole || (kind === 'manifest' && (!found.hasManifest || isRepaired)),
  );
  return [
    ...(isWhole ? [] : others),
    ...inPublicationOrder(replaced).map((artifact) => ({
      artifact,
      copySource: undefined,
      isReplaced: false,
    })),
  ];
}

/**
 * Transfers an acceptance, and a later result that replaces a failed restore test.
 * @returns false if there was nothing to do
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
 * Copies an artifact in the cheapest way: by a staged upload, or from the same file in another tier of the
 * replica. Otherwise, or if that fails, uploads it.
 * @returns the duration of the staged upload in milliseconds; 0 if there was none
 */
async function copyArtifact(
  set: BackupSet,
  { artifact, copySource }: PlannedUpload,
  { primary, replica, stagedUploads, signal }: CopySetRequest,
  watch: PhaseWatch,
): Promise<number> {
  const staged =
    copySource === undefined || !replica.capabilities.serverSideCopy
      ? await watch.apart(async () => stagedUploads?.take(replica, artifact.key))
      : undefined;
  const cheap =
    copySource === undefined || !replica.capabilities.serverSideCopy
      ? staged
      : { complete: () => replica.copy(copySource, artifact.key, { signal }) };
  if (cheap !== undefined) {
    try {
      await watch.apart(() => cheap.complete());
      return staged === undefined ? 0 : (stagedUploads?.durationOf(staged) ?? 0);
    } catch {
      throwIfAborted(signal);
    }
  }
  const source = await storedSource(primary, set, artifact, { signal });
  await replica.put(artifact.key, watch.source(source), { signal: watch.until(signal) });
  return 0;
}

/**
 * Returns an artifact of a store as a source for another store. Takes its SHA-256 from the manifest.
 * Calculates it by reading the artifact if no manifest has it, as for legacy sets and the manifest itself.
 */
async function storedSource(
  store: ArtifactStore,
  set: BackupSet,
  artifact: SetArtifact,
  options: StoreOptions,
): Promise<ArtifactSource> {
  // As it is stored: an encrypted artifact is copied without an identity.
  const readable = readableArtifact({ store, set }, artifact, options);
  const sha256 = readable.sha256 ?? (await sha256Of(readable.open()));
  return { bytes: readable.bytes, sha256, open: (range, reading) => readable.open(range, reading) };
}
