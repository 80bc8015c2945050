import type { ArtifactKey } from '../model/artifact-key.ts';
import type { CachedManifest, ManifestCache } from '../ports/manifest-cache.ts';

/** A cache in memory. */
export class MemoryManifestCache implements ManifestCache {
  entries: ReadonlyMap<ArtifactKey, CachedManifest> = new Map();
  /** How often it was replaced. */
  replacements = 0;

  read(): Promise<ReadonlyMap<ArtifactKey, CachedManifest>> {
    return Promise.resolve(this.entries);
  }

  replace(entries: ReadonlyMap<ArtifactKey, CachedManifest>): Promise<void> {
    this.entries = entries;
    this.replacements += 1;
    return Promise.resolve();
  }
}
