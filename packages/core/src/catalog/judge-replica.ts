import { splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { BackupSet, SetArtifact } from '../model/backup-set.ts';
import { damageIn } from '../model/damage.ts';
import { CHECK_NAMES, entryOf, type Checks, type CheckResult } from '../model/manifest.ts';
import type { ReplicaRecord } from '../ports/replica-records.ts';

/** Returns whether an artifact was replaced since its record. False if the store lists no tags. */
export function isReplaced(record: ReplicaRecord | undefined, tag: string | undefined): boolean {
  return record !== undefined && tag !== undefined && record.tag !== tag;
}

/**
 * Judges a set of a store that others can write to. Only checks by this installation in this store count.
 * Others can write any manifest and state file, and the checks in a manifest are those of the volume. Failed
 * checks by others remain: too little trust is harmless.
 * @param records records of this installation for the store
 */
export function judgeReplica(set: BackupSet, records: ReadonlyMap<ArtifactKey, ReplicaRecord>): BackupSet {
  const checks = { ...failed(set.checks), ...ownChecks(set, records) };
  const damage = damageIn(checks);
  const { problems, state } = set;
  if (['partial', 'bad', 'untrusted'].includes(state) || damage.length === 0) return { ...set, checks };
  return { ...set, checks, state: 'bad', problems: [...damage, ...problems] };
}

function ownChecks(set: BackupSet, records: ReadonlyMap<ArtifactKey, ReplicaRecord>): Checks {
  // The signature is judged with the manifest, by the keys that are trusted.
  const known = set.artifacts
    .filter(({ kind }) => kind !== 'signature')
    .map((artifact) => ({ artifact, record: records.get(artifact.key) }));
  const replaced = known.flatMap(({ artifact, record }) =>
    record !== undefined && isReplaced(record, artifact.tag) ? [{ artifact, record }] : [],
  );
  const manifest = known.find(({ artifact }) => artifact.kind === 'manifest');
  const own = manifest?.record?.checks ?? {};
  if (replaced[0] !== undefined) {
    const names = replaced.map(({ artifact }) => splitKey(artifact.key).fileName).join(', ');
    return {
      ...failed(own),
      checksum: { outcome: 'failed', at: replaced[0].record.at, reason: `replaced since: ${names}` },
    };
  }
  if (!known.every(({ artifact, record }) => record !== undefined && isOf(set, artifact, record)))
    return failed(own);
  const sent = known.map(({ record }) => record?.at ?? '').sort()[0] ?? '';
  return manifest === undefined ? {} : { checksum: { outcome: 'passed', at: sent }, ...own };
}

/** Returns whether the artifact has the bytes that the manifest of the set names. */
function isOf({ manifest }: BackupSet, artifact: SetArtifact, { tag, sha256 }: ReplicaRecord): boolean {
  const { kind, key } = artifact;
  if (artifact.tag !== tag) return false;
  if (kind === 'manifest') return true;
  return entryOf(manifest, splitKey(key).fileName)?.sha256 === sha256;
}

function failed(checks: Checks): Checks {
  return Object.fromEntries(
    CHECK_NAMES.flatMap((name): [string, CheckResult][] => {
      const check = checks[name];
      return check?.outcome === 'failed' ? [[name, check]] : [];
    }),
  );
}
