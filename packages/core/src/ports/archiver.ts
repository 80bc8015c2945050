import type { ArtifactContent } from './artifact-store.ts';

/** An archive in the making. */
export interface Archive {
  /** The bytes (`.tar.gz`). The stream fails if the archiving fails. */
  readonly content: AsyncIterable<Uint8Array>;
  /**
   * Returns tolerated irregularities, such as a file that changed while it was read. Complete once the
   * content has ended.
   */
  warnings(): readonly string[];
}

/** Options of an archive check. */
export interface ArchiveCheckOptions {
  readonly signal: AbortSignal;
  /** Called with the path of each member, as written in the archive. */
  readonly onMember?: ((path: string) => void) | undefined;
}

/** Result of an archive check. */
export interface ArchiveCheck {
  readonly members: number;
  /**
   * Members that a restore leaves out: one text per reason, with names. `undefined` if it restores all of
   * them.
   */
  readonly leftOut?: readonly string[];
  /** Why a restore refuses the whole archive. `undefined` if it accepts the archive. */
  readonly refusal?: string;
}

/** Archives the files that belong to the database. */
export interface Archiver {
  /**
   * Starts an archive, or returns why there is nothing to archive. Ends its child processes when the signal
   * fires.
   */
  archive(options: { readonly signal: AbortSignal }): Promise<Archive | { readonly nothing: string }>;

  /**
   * Lists an archive from its first to its last member. Applies the same rules to members as the restore.
   * @throws BackupError ARTIFACT_UNREADABLE if the archive is damaged
   */
  check(archive: ArtifactContent, options: ArchiveCheckOptions): Promise<ArchiveCheck>;
}
