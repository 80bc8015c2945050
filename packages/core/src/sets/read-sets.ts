import { parseManifest } from '../manifest/manifest-text.ts';
import { nameOfKey, type ArtifactKey } from '../naming/artifact-key.ts';
import { TIERS } from '../naming/tier.ts';
import type { ArtifactStore, StoredArtifact, StoreOptions } from '../ports/artifact-store.ts';
import { throwIfAborted, toBackupError } from '../errors.ts';
import { textOf } from '../text-source.ts';
import type { BackupSet } from './backup-set.ts';
import { groupSets, type ManifestReading } from './group-sets.ts';

/** How many manifests are read at once: enough to hide a network's delay, few enough for any store. */
const MANIFESTS_AT_ONCE = 16;

/** A manifest is some kilobytes, with ten thousand tables a megabyte: what is larger was not written by us. */
const LARGEST_MANIFEST_BYTES = 64 * 1024 * 1024;

/**
 * All sets of a store, newest first, as the store has them now: nothing is remembered from earlier.
 * A manifest that cannot be read or understood makes its own set partial; a store that cannot be listed is an error.
 */
export async function readSets(store: ArtifactStore, options: StoreOptions = {}): Promise<readonly BackupSet[]> {
  const listing: StoredArtifact[] = [];
  for (const tier of TIERS) {
    for await (const artifact of store.list(tier, options)) listing.push(artifact);
  }
  const manifests = listing.filter(({ key }) => nameOfKey(key)?.kind === 'manifest');
  const readings = new Map<ArtifactKey, ManifestReading>();
  const queue = manifests.values();
  const reader = async (): Promise<void> => {
    for (const artifact of queue) readings.set(artifact.key, await readManifest(store, artifact, options));
  };
  await Promise.all(Array.from({ length: MANIFESTS_AT_ONCE }, reader));
  return groupSets(listing, readings);
}

async function readManifest(store: ArtifactStore, artifact: StoredArtifact, options: StoreOptions): Promise<ManifestReading> {
  throwIfAborted(options.signal);
  if (artifact.bytes > LARGEST_MANIFEST_BYTES) return new Error(`the manifest has ${artifact.bytes} bytes, which none has`);
  try {
    return parseManifest(await textOf(store.read(artifact.key, undefined, options)));
  } catch (error) {
    throwIfAborted(options.signal);
    return toBackupError(error);
  }
}
