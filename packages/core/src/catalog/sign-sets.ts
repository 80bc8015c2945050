import { BackupError, throwIfAborted, withReason } from '../base/errors.ts';
import { companionKey } from '../model/artifact-key.ts';
import { plainManifest } from '../model/encrypted-manifest.ts';
import { manifestChecksumProblem } from '../model/manifest-checksum.ts';
import { parseManifest } from '../model/manifest-text.ts';
import type { Manifest } from '../model/manifest.ts';
import { timestampToDate } from '../model/timestamp.ts';
import type { ManifestSigner } from '../model/trust.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { Lock } from '../ports/lock.ts';
import type { StoredSet } from '../ports/set-copy.ts';
import { manifestTextOf, textSource } from '../ports/text-source.ts';
import { readSets } from './read-sets.ts';
import { labelOf } from './set-copy.ts';

/** Which sets are signed. */
export interface SignSetsRequest {
  readonly stores: readonly ArtifactStore[];
  readonly database: string;
  /** Only sets made before it. */
  readonly before: Date;
  readonly signer: ManifestSigner;
  /** Called with the unsigned sets before the first change. A result of `false` ends it. */
  readonly confirm: (sets: readonly StoredSet[]) => Promise<boolean>;
}

/**
 * Signs sets that were made before their installation had a key. Their manifests are signed as they are: what
 * anyone else stored until then is trusted from then on. Sets with another signature are left out.
 * @returns the signed sets
 * @throws BackupError LOCK_HELD if another process works on the volume
 * @throws BackupError ABORTED if it is not confirmed
 * @throws BackupError MANIFEST_INVALID or REPLICA_CONFLICT if a manifest is damaged, or copies of a set differ
 */
export async function signSets(
  lock: Lock,
  { stores, database, before, signer, confirm }: SignSetsRequest,
  { signal: stop }: StoreOptions = {},
): Promise<readonly StoredSet[]> {
  const lease = await lock.acquire({ command: 'trust' }, { signal: stop });
  const signal = stop === undefined ? lease.lost : AbortSignal.any([lease.lost, stop]);
  try {
    const unsigned: UnsignedSet[] = [];
    const first = new Map<string, StoredSet>();
    for (const store of stores)
      for (const set of await readSets(store, { signal })) {
        const isUnsigned = set.artifacts.every(({ kind }) => kind !== 'signature');
        if (set.database !== database || set.manifest === undefined || set.state === 'partial') continue;
        const known = first.get(set.timestamp) ?? { store, set };
        first.set(set.timestamp, known);
        if (!isUnsigned) continue;
        // Its name and its manifest have to agree: another process can choose one of them.
        const madeAt = Math.max(timestampToDate(set.timestamp).getTime(), Date.parse(set.manifest.startedAt));
        if (madeAt >= before.getTime()) continue;
        const found = await unsignedSet({ store, set }, signal);
        refuseOther(found, known);
        unsigned.push(found);
      }
    if (unsigned.length > 0 && !(await confirm(unsigned)))
      throw new BackupError('ABORTED', 'it was not confirmed; nothing was signed');
    for (const { store, set, text } of unsigned) {
      throwIfAborted(signal);
      // The text that was listed, not what the store may have since.
      const signature = textSource(signer.sign(text, { timestamp: set.timestamp, database }));
      await store.put(companionKey(set, 'signature'), signature, { signal });
    }
    return unsigned;
  } finally {
    await lease.release();
  }
}

/** A set with the text of its manifest. */
interface UnsignedSet extends StoredSet {
  readonly text: string;
  readonly manifest: Manifest;
}

async function unsignedSet({ store, set }: StoredSet, signal: AbortSignal): Promise<UnsignedSet> {
  const text = await manifestTextOf(store.read(companionKey(set, 'manifest'), undefined, { signal }));
  const manifest = parseManifest(text);
  const problem =
    manifestChecksumProblem(text) ??
    (manifest.timestamp === set.timestamp && manifest.database === set.database
      ? undefined
      : 'it is that of another set');
  if (problem === undefined) return { store, set, text, manifest };
  throw new BackupError('MANIFEST_INVALID', `the manifest of ${labelOf(store, set)}: ${problem}`);
}

/** Refuses a copy of a set that has other content than the first one, which is that of the primary store. */
function refuseOther(one: UnsignedSet, first: StoredSet): void {
  if (first.set.manifest === undefined || contentOf(first.set.manifest) === contentOf(one.manifest)) return;
  throw new BackupError(
    'REPLICA_CONFLICT',
    `${labelOf(one.store, one.set)} is another set than ${labelOf(first.store, first.set)}; nothing was signed`,
    withReason('replica-changed'),
  );
}

function contentOf(manifest: Manifest): string {
  return plainManifest(manifest)
    .artifacts.map(({ kind, sha256 }) => `${kind} ${sha256}`)
    .sort()
    .join('\n');
}
