import type { ArtifactSource, ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import { splitKey } from '../model/artifact-key.ts';
import type { BackupSet, SetArtifact } from '../model/backup-set.ts';
import { sha256Of } from '../base/sha256-of.ts';

/**
 * An artifact of a store as a source for another. Its SHA-256 is what the manifest says; where no manifest
 * says it (of the manifest itself, and in legacy sets), the artifact is read once to find out.
 */
export async function storedSource(
  store: ArtifactStore,
  set: BackupSet,
  artifact: SetArtifact,
  options: StoreOptions,
): Promise<ArtifactSource> {
  const { key, bytes } = artifact;
  const { fileName } = splitKey(key);
  const entry = set.manifest?.artifacts.find(({ name }) => name === fileName);
  const sha256 = entry?.sha256 ?? (await sha256Of(store.read(key, undefined, options)));
  return { bytes, sha256, open: (range, reading) => store.read(key, range, { ...options, ...reading }) };
}
