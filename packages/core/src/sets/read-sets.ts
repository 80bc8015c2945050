import { parseManifest } from '../model/manifest-text.ts';
import { nameOfKey, type ArtifactKey } from '../model/artifact-key.ts';
import { TIERS } from '../model/tier.ts';
import type { ArtifactStore, StoredArtifact, StoreOptions } from '../ports/artifact-store.ts';
import type { CachedManifest, ManifestCache } from '../ports/manifest-cache.ts';
import { throwIfAborted, toBackupError } from '../base/errors.ts';
import { textOf } from '../ports/text-source.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { foreignGlobals } from './foreign-globals.ts';
import { groupSets, type ManifestReading } from './group-sets.ts';

/** How many manifests are read at once: enough to hide a network's delay, few enough for any store. */
const MANIFESTS_AT_ONCE = 16;

/**
 * A manifest is some kilobytes, with ten thousand tables a megabyte: what is larger was not written by us.
 */
const LARGEST_MANIFEST_BYTES = 64 * 1024 * 1024;

/** How the sets of a store are read. */
export interface ReadSetsOptions extends StoreOptions {
  /**
   * Spares reading the manifests that have not changed since. For what is only looked at: whoever acts on
   * sets reads them.
   */
  readonly cache?: ManifestCache | undefined;
}

/**
 * All sets of a store, newest first, as the store has them now. A manifest that cannot be read or understood
 * makes its own set partial; a store that cannot be listed is an error.
 */
export async function readSets(
  store: ArtifactStore,
  options: ReadSetsOptions = {},
): Promise<readonly BackupSet[]> {
  const listing: StoredArtifact[] = [];
  for (const tier of TIERS) {
    for await (const artifact of store.list(tier, options)) listing.push(artifact);
  }
  const manifests = listing.filter(({ key }) => nameOfKey(key)?.kind === 'manifest');
  return groupSets(
    listing,
    await readManifests(store, manifests, options),
    await foreignGlobals(store, listing, options),
  );
}

async function readManifests(
  store: ArtifactStore,
  manifests: readonly StoredArtifact[],
  options: ReadSetsOptions,
): Promise<ReadonlyMap<ArtifactKey, ManifestReading>> {
  const remembered = (await options.cache?.read()) ?? new Map<ArtifactKey, CachedManifest>();
  const readings = new Map<ArtifactKey, ManifestReading>();
  const tagged = new Map<ArtifactKey, CachedManifest>();
  let changes = remembered.size > manifests.length;
  const queue = manifests.values();
  const reader = async (): Promise<void> => {
    for (const artifact of queue) {
      const { key, tag } = artifact;
      const known = remembered.get(key);
      const isKnown = known !== undefined && known.tag === tag;
      const reading = isKnown ? known.manifest : await readManifest(store, artifact, options);
      readings.set(key, reading);
      if (tag === undefined || reading instanceof Error) continue;
      tagged.set(key, { tag, manifest: reading });
      changes ||= !isKnown;
    }
  };
  await Promise.all(Array.from({ length: MANIFESTS_AT_ONCE }, reader));
  if (changes) await options.cache?.replace(tagged);
  return readings;
}

async function readManifest(
  store: ArtifactStore,
  artifact: StoredArtifact,
  options: StoreOptions,
): Promise<ManifestReading> {
  throwIfAborted(options.signal);
  if (artifact.bytes > LARGEST_MANIFEST_BYTES)
    return new Error(`the manifest has ${artifact.bytes} bytes, which none has`);
  try {
    return parseManifest(await textOf(store.read(artifact.key, undefined, options)));
  } catch (error) {
    throwIfAborted(options.signal);
    return toBackupError(error);
  }
}
