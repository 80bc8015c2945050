import { BackupError, isBackupError } from '../base/errors.ts';
import { failedChecks } from '../model/failed-checks.ts';
import { changeManifest, parseManifest } from '../model/manifest-text.ts';
import { manifestChecksumProblem } from '../model/manifest-checksum.ts';
import type { Manifest } from '../model/manifest.ts';
import { artifactKey, type ArtifactKey } from '../model/artifact-key.ts';
import { formatArtifactName } from '../model/artifact-name.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { textOf, textSource } from '../ports/text-source.ts';
import type { ReplicateRequest } from './replicate-request.ts';

/** What a replica has in the place of a manifest of ours. */
export interface ReplicaManifest {
  readonly text: string;
  readonly manifest: Manifest;
}

/**
 * The manifest that the replica has under the name of ours; undefined when nobody can read it: then it makes
 * no set.
 *
 * Two installations that share a place make sets of the same name, when they run in the same second. What the
 * other one has put there is its only copy: it is never replaced. A manifest whose manifest checksum does not fit is
 * damaged, and no sign of another one.
 */
export async function readReplicaManifest(
  set: BackupSet,
  { replica, signal }: ReplicateRequest,
): Promise<ReplicaManifest | undefined> {
  const text = await textOf(replica.read(manifestKeyOf(set), undefined, { signal }));
  try {
    const manifest = parseManifest(text);
    const damaged = manifestChecksumProblem(text) !== undefined && manifest.database === set.database;
    if (damaged || digests(manifest) === (set.manifest && digests(set.manifest))) return { text, manifest };
  } catch (error) {
    if (!isBackupError(error, 'MANIFEST_TOO_NEW')) return undefined;
  }
  throw new BackupError(
    'REPLICA_CONFLICT',
    `${replica.name} has another set under the name of ${set.tier} ${set.timestamp}; it was not replaced`,
    { details: { reason: 'place-shared' } },
  );
}

/** Whether a check has found the replica's copy bad. */
export function isBad(replicaManifest: ReplicaManifest | undefined): boolean {
  return replicaManifest !== undefined && failedChecks(replicaManifest.manifest.checks).length > 0;
}

/**
 * Brings their manifest up to ours, where the artifacts are there already. What was found out about their
 * copy stays, and nothing that was found out about ours is said of theirs, which nobody has read; that it was
 * accepted stays too. One of ours that is damaged is not put in the place of theirs that is not.
 * @returns false when there was nothing to do
 */
export async function updateManifest(
  set: BackupSet,
  replicaManifest: ReplicaManifest,
  { primary, replica, phases, signal }: ReplicateRequest,
): Promise<boolean> {
  const key = manifestKeyOf(set);
  const ours = await textOf(primary.read(key, undefined, { signal }));
  const damage = manifestChecksumProblem(ours);
  if (damage !== undefined && manifestChecksumProblem(replicaManifest.text) === undefined) {
    throw new BackupError(
      'ARTIFACT_UNREADABLE',
      `${key} in ${primary.name}: ${damage}; the one in ${replica.name} was left as it is`,
      { details: { reason: 'manifest-damaged', timestamp: set.timestamp } },
    );
  }
  const { acceptedAt } = parseManifest(ours);
  const accepted =
    acceptedAt === undefined && replicaManifest.manifest.acceptedAt !== undefined
      ? { suspicion: undefined, acceptedAt: replicaManifest.manifest.acceptedAt }
      : {};
  const updated = changeManifest(ours, { checks: replicaManifest.manifest.checks, ...accepted });
  if (updated === replicaManifest.text) return false;
  const source = textSource(updated);
  await phases.measure('replicate', () => replica.put(key, source, { signal }), {
    artifact: 'manifest',
    tier: set.tier,
    bytes: () => source.bytes,
  });
  return true;
}

function manifestKeyOf({ tier, timestamp }: BackupSet): ArtifactKey {
  return artifactKey(tier, formatArtifactName({ kind: 'manifest', timestamp }));
}

function digests({ artifacts }: Manifest): string {
  return artifacts
    .map(({ name, sha256 }) => `${name} ${sha256}`)
    .sort()
    .join('\n');
}
