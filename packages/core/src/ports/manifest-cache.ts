import type { Manifest } from '../model/manifest.ts';
import type { ArtifactKey } from '../model/artifact-key.ts';
import type { StateFile } from '../model/state-file.ts';

/** A manifest and the state file of its set, with the tags that their artifacts had when they were read. */
export interface CachedManifest {
  readonly tag: string;
  readonly manifest: Manifest;
  /** Absent if there is none, or it cannot be used. */
  readonly state?: { readonly tag: string; readonly content: StateFile } | undefined;
}

/**
 * What the manifests of a store said when they were last read, so that a listing reads only those that have
 * changed since. It spares time, and answers nothing by itself: an entry counts only while the store lists
 * the artifact with the same tag.
 */
export interface ManifestCache {
  /** What is remembered; nothing where there was nothing or it cannot be read. Never rejects. */
  read(): Promise<ReadonlyMap<ArtifactKey, CachedManifest>>;
  /** Remembers these and no others; where that cannot be done, it is left. Never rejects. */
  replace(entries: ReadonlyMap<ArtifactKey, CachedManifest>): Promise<void>;
}
