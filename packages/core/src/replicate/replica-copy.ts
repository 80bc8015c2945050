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

/** What a replica has under the name of a set of the primary. */
export interface ReplicaState {
  /** A check found it bad: all its bytes are to be copied again. */
  readonly isBad: boolean;
  /** Its manifest is that of the set, as it was published or as an older version amended it. */
  readonly hasManifest: boolean;
  readonly isAccepted: boolean;
  /** Its failed restore test, unless accepted. */
  readonly openFailure?: CheckResult | undefined;
}

interface InspectRequest {
  readonly primary: ArtifactStore;
  readonly replica: ArtifactStore;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Inspects the copy of a set that a replica has. Its manifest is read only where it differs in length from that
 * of the primary, or where something is to be copied.
 *
 * Two installations that share a place make sets of the same name, when they run in the same second. What the
 * other one has put there is its only copy: it is never replaced. A manifest whose manifest checksum does not
 * fit is damaged, and no sign of another one.
 * @throws BackupError REPLICA_CONFLICT if it is another set; ARTIFACT_UNREADABLE if the manifest of the primary
 * differs because it is damaged
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

/** Returns the text of a manifest; `undefined` if it cannot be one. */
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

/** Returns the manifest in a text; `undefined` if it cannot be read: then it makes no set. */
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
