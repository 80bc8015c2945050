import type { ArtifactSource } from './artifact-store.ts';

/** An archive that is being made. */
export interface Archive {
  /** The bytes (`.tar.gz`). When the archiving fails, the stream fails. */
  readonly content: AsyncIterable<Uint8Array>;
  /**
   * What was odd but tolerable, such as a file that changed while it was read. Complete once the content has
   * ended.
   */
  warnings(): readonly string[];
}

/** How an archive is checked. */
export interface ArchiveCheckOptions {
  readonly signal: AbortSignal;
  /** Told the path of each member, as it stands in the archive. */
  readonly onMember?: ((path: string) => void) | undefined;
}

/** Archives the files that belong to the database. */
export interface Archiver {
  /** Starts an archive, or says why there is nothing to archive. Ends its programs when the signal fires. */
  archive(options: { readonly signal: AbortSignal }): Promise<Archive | { readonly nothing: string }>;

  /**
   * Lists an archive from its first to its last member and counts them; ARTIFACT_UNREADABLE when it is
   * damaged.
   */
  check(archive: ArtifactSource, options: ArchiveCheckOptions): Promise<{ readonly members: number }>;
}
