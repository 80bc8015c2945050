import { BackupError, throwIfAborted } from '../base/errors.ts';
import { companionKey } from '../model/artifact-key.ts';
import { manifestChecksumProblem } from '../model/manifest-checksum.ts';
import { parseManifest } from '../model/manifest-text.ts';
import type { ManifestSigner } from '../model/trust.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { Lock } from '../ports/lock.ts';
import type { StoredSet } from '../ports/set-copy.ts';
import { manifestTextOf, textSource } from '../ports/text-source.ts';
import { readSets } from './read-sets.ts';

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
 */
export async function signSets(
  lock: Lock,
  { stores, database, before, signer, confirm }: SignSetsRequest,
  { signal: stop }: StoreOptions = {},
): Promise<readonly StoredSet[]> {
  const lease = await lock.acquire({ command: 'trust' }, { signal: stop });
  const signal = stop === undefined ? lease.lost : AbortSignal.any([lease.lost, stop]);
  try {
    const unsigned: StoredSet[] = [];
    for (const store of stores)
      for (const set of await readSets(store, { signal })) {
        const isUnsigned = set.artifacts.every(({ kind }) => kind !== 'signature');
        const isOurs = set.database === database && set.manifest !== undefined;
        const madeAt = Date.parse(set.manifest?.startedAt ?? '');
        if (isOurs && isUnsigned && madeAt < before.getTime()) unsigned.push({ store, set });
      }
    if (unsigned.length > 0 && !(await confirm(unsigned)))
      throw new BackupError('ABORTED', 'it was not confirmed; nothing was signed');
    for (const { store, set } of unsigned) {
      throwIfAborted(signal);
      const text = await manifestTextOf(store.read(companionKey(set, 'manifest'), undefined, { signal }));
      const damage = manifestChecksumProblem(text);
      if (damage !== undefined)
        throw new BackupError('MANIFEST_INVALID', `the manifest of ${set.tier} ${set.timestamp}: ${damage}`);
      const signature = textSource(signer.sign(text, parseManifest(text)));
      await store.put(companionKey(set, 'signature'), signature, { signal });
    }
    return unsigned;
  } finally {
    await lease.release();
  }
}
