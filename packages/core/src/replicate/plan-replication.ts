import { artifactKey, companionKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import { isWhole, newestFirst, type BackupSet, type SetArtifact } from '../model/backup-set.ts';
import { inherited } from '../catalog/state-files.ts';
import { inPublicationOrder } from '../catalog/publication-order.ts';

/** An artifact that a replica lacks, has with another length, or has without a manifest that confirms it. */
export interface PlannedUpload {
  readonly artifact: SetArtifact;
  /**
   * The same file in another tier of the replica, which the replica can copy by itself. `undefined` if there
   * is none.
   */
  readonly copySource: ArtifactKey | undefined;
  /** Whether the replica has it with other bytes than were uploaded. */
  readonly isReplaced: boolean;
}

/** A set of the primary store that a replica lacks in part, or whose copy has to be inspected. */
export interface PlannedCopy {
  readonly set: BackupSet;
  /** Artifacts to copy, the manifest last. Empty if the replica has all with the right lengths. */
  readonly artifacts: readonly PlannedUpload[];
  /** Whether the replica has a manifest of this name. Its copy has to be inspected first. */
  readonly contested: boolean;
  /** State file of the replica's copy. `undefined` if it has none. */
  readonly stateFile: ArtifactKey | undefined;
}

/** Contents of the primary store and of a replica. */
export interface ReplicationRequest {
  /** Sets of the primary store. */
  readonly sets: readonly BackupSet[];
  /**
   * Length in bytes of each artifact of the replica, by key. `undefined` if it differs from what was
   * uploaded.
   */
  readonly replica: ReadonlyMap<ArtifactKey, number | undefined>;
  /** Name of the database. Other processes replicate sets of other databases. */
  readonly database: string;
}

/**
 * Returns the sets to copy from the primary store to a replica, newest first. Compares states, so it includes
 * everything that earlier runs could not copy. Never removes anything from a replica. Pure.
 */
export function planReplication({ sets, replica, database }: ReplicationRequest): readonly PlannedCopy[] {
  const ours = sets
    .filter((set) => set.database === database && isWhole(set) && !isLessThanTheirs(set, replica))
    .sort(newestFirst);
  // Includes the results of the planned copies: the weekly set follows the daily one of the same run.
  const expected = new Map(replica);
  return ours.flatMap((set) => {
    const begun = set.artifacts.some(({ key, kind }) => kind === 'manifest' && !replica.has(key));
    const missing = set.artifacts.filter(({ key, bytes }) => begun || replica.get(key) !== bytes);
    const stateFile = companionKey(set, 'state');
    const hasState = replica.has(stateFile);
    if (missing.length === 0 && !hasState && inherited(set)?.acceptedAt === undefined) return [];
    const artifacts = inPublicationOrder(missing).map((artifact) => ({
      artifact,
      copySource: copySourceOf(artifact, expected),
      isReplaced: replica.has(artifact.key) && replica.get(artifact.key) === undefined,
    }));
    for (const { key, bytes } of missing) expected.set(key, bytes);
    const contested = set.artifacts.some(({ key, kind }) => kind === 'manifest' && replica.has(key));
    return [{ set, artifacts, contested, stateFile: hasState ? stateFile : undefined }];
  });
}

/**
 * Returns whether the manifest of the set was removed from the primary store. Without it, the remaining
 * artifacts may not be those of the replica manifest.
 */
function isLessThanTheirs(set: BackupSet, replica: ReplicationRequest['replica']): boolean {
  return set.manifest === undefined && replica.has(companionKey(set, 'manifest'));
}

/** A weekly artifact has the same content as the daily one. */
function copySourceOf(
  { key, bytes }: SetArtifact,
  replica: ReplicationRequest['replica'],
): ArtifactKey | undefined {
  const { tier, fileName } = splitKey(key);
  if (tier === 'daily') return undefined;
  const copySource = artifactKey('daily', fileName);
  return replica.get(copySource) === bytes ? copySource : undefined;
}
