import type { ArtifactContent } from './artifact-store.ts';

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

/** What a check of an archive has found. */
export interface ArchiveCheck {
  readonly members: number;
  /** What a restore leaves out: one text for each reason, with names. Absent if it restores every member. */
  readonly leftOut?: readonly string[];
  /** Why a restore unpacks nothing of the archive. Absent if it does. */
  readonly refusal?: string;
}

/** Archives the files that belong to the database. */
export interface Archiver {
  /** Starts an archive, or says why there is nothing to archive. Ends its programs when the signal fires. */
  archive(options: { readonly signal: AbortSignal }): Promise<Archive | { readonly nothing: string }>;

  /**
   * Lists an archive from its first to its last member. Members are judged by the rule of the restore.
   * @throws BackupError ARTIFACT_UNREADABLE if the archive is damaged
   */
  check(archive: ArtifactContent, options: ArchiveCheckOptions): Promise<ArchiveCheck>;
}
