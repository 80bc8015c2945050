import { BackupError } from '../base/errors.ts';
import { changeManifest, parseManifest, type ManifestChange } from '../model/manifest-text.ts';
import type { Manifest } from '../model/manifest.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import { textOf, textSource } from '../ports/text-source.ts';
import type { BackupSet } from '../model/backup-set.ts';

/**
 * Writes something new into the manifest of a set, as the manifest is now. The caller holds the lock.
 * @param change what is new; undefined leaves the manifest as it is
 * @throws BackupError ARTIFACT_NOT_FOUND when the set has no manifest (any more)
 */
export async function amendManifest(
  store: ArtifactStore,
  set: BackupSet,
  change: (manifest: Manifest) => ManifestChange | undefined,
  options: StoreOptions = {},
): Promise<void> {
  const key = set.artifacts.find(({ kind }) => kind === 'manifest')?.key;
  if (key === undefined)
    throw new BackupError(
      'ARTIFACT_NOT_FOUND',
      `${set.tier} ${set.timestamp} in ${store.name} has no manifest`,
    );
  const text = await textOf(store.read(key, undefined, options));
  const changes = change(parseManifest(text));
  if (changes === undefined) return;
  const changed = changeManifest(text, changes);
  if (changed !== text) await store.put(key, textSource(changed), options);
}
