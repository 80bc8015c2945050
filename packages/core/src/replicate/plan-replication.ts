import { artifactKey, companionKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import { isWhole, newestFirst, type BackupSet, type SetArtifact } from '../model/backup-set.ts';
import { inherited } from '../catalog/state-files.ts';
import { inPublicationOrder } from '../catalog/publication-order.ts';

/**
 * One artifact that a replica lacks, has with another length, or has without the manifest that would say that
 * it is good.
 */
export interface PlannedUpload {
  readonly artifact: SetArtifact;
  /** The same file in another tier of the replica, from which the replica can copy it by itself. */
  readonly copySource: ArtifactKey | undefined;
  /** The replica has it with other bytes than were sent there. */
  readonly isReplaced: boolean;
}

/** A set of the primary that a replica does not have whole, or whose copy has to be inspected. */
export interface PlannedCopy {
  readonly set: BackupSet;
  /** What is to be copied, the manifest last; empty if the replica has all with their lengths. */
  readonly artifacts: readonly PlannedUpload[];
  /** The replica has a manifest of this name: its copy has to be inspected first. */
  readonly contested: boolean;
  /** The state file of the replica's copy; `undefined` if it has none. */
  readonly stateFile: ArtifactKey | undefined;
}

/** What the primary has, and what a replica. */
export interface ReplicationRequest {
  /** The sets of the primary. */
  readonly sets: readonly BackupSet[];
  /**
   * Length in bytes of each artifact that the replica has, by key; `undefined` if it is not what was sent
   * there.
   */
  readonly replica: ReadonlyMap<ArtifactKey, number | undefined>;
  /** Sets of other databases are another process's to replicate. */
  readonly database: string;
}

/**
 * Compares the primary with a replica: which sets are to be copied, newest first. Replication is a state, not
 * an event: what an earlier run could not copy is in the answer again. Nothing is ever removed from a
 * replica. Pure.
 */
export function planReplication({ sets, replica, database }: ReplicationRequest): readonly PlannedCopy[] {
  const ours = sets
    .filter((set) => set.database === database && isWhole(set) && !isLessThanTheirs(set, replica))
    .sort(newestFirst);
  // What the copies before will have brought: the weekly set comes after the daily one of the same run.
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
 * Whether somebody has taken the manifest of the set away here: without it nobody knows whether what is left
 * is what the replica's manifest speaks of.
 */
function isLessThanTheirs(set: BackupSet, replica: ReplicationRequest['replica']): boolean {
  return set.manifest === undefined && replica.has(companionKey(set, 'manifest'));
}

/** A weekly artifact is the daily one under another name. */
function copySourceOf(
  { key, bytes }: SetArtifact,
  replica: ReplicationRequest['replica'],
): ArtifactKey | undefined {
  const { tier, fileName } = splitKey(key);
  if (tier === 'daily') return undefined;
  const copySource = artifactKey('daily', fileName);
  return replica.get(copySource) === bytes ? copySource : undefined;
}
