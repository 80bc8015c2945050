import type { ArtifactSource } from './artifact-store.ts';

/** One artifact to restore from, in a store or anywhere else. */
export interface RestoreArtifact extends Omit<ArtifactSource, 'sha256'> {
  /** Its file name, for messages. */
  readonly name: string;
  /** What the manifest says; undefined where there is none to say it. */
  readonly sha256: string | undefined;
}

/** An artifact as a source for whatever reads one; where no manifest says a SHA-256, it has none. */
export function contentOf(artifact: RestoreArtifact): ArtifactSource {
  const { bytes, sha256 = '', path } = artifact;
  return { bytes, sha256, path, open: (range, options) => artifact.open(range, options) };
}
