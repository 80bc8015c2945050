import { BackupError, isBackupError, withReason } from '../base/errors.ts';
import { companionKey } from '../model/artifact-key.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { damageIn } from '../model/damage.ts';
import { parseManifest } from '../model/manifest-text.ts';
import { manifestChecksumProblem } from '../model/manifest-checksum.ts';
import type { CheckResult, Manifest } from '../model/manifest.ts';
import { currentState, type StateFile } from '../model/state-file.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import { manifestTextOf } from '../ports/text-source.ts';
import { hasOpenFailure } from '../catalog/restore-tests.ts';
import { isUnusableState, readStateFile } from '../catalog/state-files.ts';
import type { PlannedCopy } from './plan-replication.ts';

/** State of a replica's copy of a set. */
export interface ReplicaState {
  /** Whether a check found it bad. All its artifacts are then copied again. */
  readonly isBad: boolean;
  /** Whether its manifest is that of the set, as published or as amended by an older version. */
  readonly hasManifest: boolean;
  readonly isAccepted: boolean;
  /** Its failed restore test. `undefined` if there is none or an operator accepted it. */
  readonly openFailure?: CheckResult | undefined;
}

interface InspectRequest {
  readonly primary: ArtifactStore;
  readonly replica: ArtifactStore;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Inspects the copy of a set in a replica. Reads its manifest only if its length differs from that of the
 * primary store, or if something is to be copied.
 *
 * Two installations that share a place create sets of the same name if they run in the same second. The set
 * of the other installation may be its only copy, so it is never replaced. A manifest with a wrong manifest
 * checksum is damaged, and does not indicate another set.
 * @throws BackupError REPLICA_CONFLICT if it is another set
 * @throws BackupError ARTIFACT_UNREADABLE if the manifest of the primary store differs because it is damaged
 */
export async function inspectReplicaCopy(
  { set, artifacts, stateFile }: PlannedCopy,
  request: InspectRequest,
): Promise<ReplicaState> {
  const { replica, signal } = request;
  const state = stateFile && (await stateIn(replica.read(stateFile, undefined, { signal }), set));
  const judge = (manifest: Manifest, hasManifest: boolean): ReplicaState => {
    const { checks, acceptedAt } = currentState(manifest, state);
    return {
      isBad: damageIn(checks).length > 0,
      hasManifest,
      isAccepted: acceptedAt !== undefined,
      openFailure: hasOpenFailure({ checks }) ? checks.restoreTest : undefined,
    };
  };
  const alike = artifacts.length === 0 && set.manifest !== undefined ? judge(set.manifest, true) : undefined;
  if (alike?.isBad === false) return alike;
  const text = await theirText(replica.read(companionKey(set, 'manifest'), undefined, { signal }));
  const manifest = text === undefined ? undefined : manifestIn(text, set, replica);
  if (text === undefined || manifest === undefined)
    return { isBad: false, hasManifest: false, isAccepted: false };
  const copy = judge(manifest, manifestChecksumProblem(text) === undefined);
  const isDifferent = artifacts.some(({ artifact }) => artifact.kind === 'manifest');
  if (isDifferent && copy.hasManifest && !copy.isBad) await refuseDamaged(set, request);
  return copy;
}

/** Returns the text of a replica manifest. `undefined` if it cannot be one. */
async function theirText(content: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  try {
    return await manifestTextOf(content);
  } catch (error) {
    if (isBackupError(error, 'MANIFEST_INVALID')) return undefined;
    throw error;
  }
}

async function stateIn(
  content: AsyncIterable<Uint8Array>,
  { timestamp }: BackupSet,
): Promise<StateFile | undefined> {
  try {
    return await readStateFile(content, timestamp);
  } catch (error) {
    if (isUnusableState(error)) return undefined;
    throw error;
  }
}

/** Returns the manifest in a text. `undefined` if it is not readable and thus makes no set. */
function manifestIn(text: string, set: BackupSet, replica: ArtifactStore): Manifest | undefined {
  try {
    const manifest = parseManifest(text);
    const damaged = manifestChecksumProblem(text) !== undefined && manifest.database === set.database;
    if (damaged || digests(manifest) === (set.manifest && digests(set.manifest))) return manifest;
  } catch (error) {
    if (!isBackupError(error, 'MANIFEST_TOO_NEW')) return undefined;
  }
  throw new BackupError(
    'REPLICA_CONFLICT',
    `${replica.name} has another set under the name of ${set.tier} ${set.timestamp}; it was not replaced`,
    withReason('place-shared'),
  );
}

async function refuseDamaged(set: BackupSet, { primary, replica, signal }: InspectRequest): Promise<void> {
  const key = companionKey(set, 'manifest');
  const damage = manifestChecksumProblem(await manifestTextOf(primary.read(key, undefined, { signal })));
  if (damage === undefined) return;
  throw new BackupError(
    'ARTIFACT_UNREADABLE',
    `${key} in ${primary.name}: ${damage}; the one in ${replica.name} was left as it is`,
    withReason('manifest-damaged', { timestamp: set.timestamp }),
  );
}

function digests({ artifacts }: Manifest): string {
  return artifacts
    .map(({ name, sha256 }) => `${name} ${sha256}`)
    .sort()
    .join('\n');
}
