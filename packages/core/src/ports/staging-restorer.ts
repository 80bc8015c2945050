import type { ArtifactContent } from './artifact-store.ts';

/** What a swap has done. */
export interface SwappedStaging {
  /** Where the old content is now; undefined when there was none. */
  readonly previous: string | undefined;
  /** What was odd but tolerable, such as an owner that the folder itself could not be given. */
  readonly warnings: readonly string[];
}

/** New content that lies beside the old. Nothing that is in use has changed yet. */
export interface UnpackedStaging {
  /** How many members were unpacked. */
  readonly members: number;
  /** What was left out: one text for each reason, with names. */
  readonly leftOut: readonly string[];
  /** What was odd but tolerable, such as owners that this user cannot give to files. */
  readonly warnings: readonly string[];

  /**
   * Puts the new content in the place of the old, and keeps the old one. To be called once.
   *
   * - When it resolves, the new content survives a crash of the machine.
   * - When it fails, the old content is in its place again. Where not even that could be done (the error says
   *   so), and when the
   *   process dies, `recover` puts the new content in place: the folder never stays a mixture of both.
   * - It cannot be aborted: it moves names, not bytes.
   */
  swap(): Promise<SwappedStaging>;

  /**
   * Throws away what was unpacked; does nothing once a swap has succeeded or is left to `recover`. Safe to
   * call twice, never fails.
   */
  discard(): Promise<void>;
}

/** How a recovery reports what it leaves alone. */
export interface RecoverOptions {
  /**
   * Called with one sentence for each thing that is ignored or could not be removed; the operator can act on
   * it.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Restores the files that belong to the database from their archive.
 *
 * - Whoever calls `recover`, `unpack`, `swap` or `dropPrevious` holds the lock, and sees to it that nobody
 *   else writes into the
 *   folder between the start of `swap` and its end.
 * - Entries at the top of the folder with exactly the names that a restore gives are no content: they are never
 *   moved, and what
 *   earlier restores have kept stays until `dropPrevious` removes it.
 * - Members that must not be unpacked (devices, names that would leave the folder) are left out and listed.
 *   `Archiver.check` finds the same ones.
 * - Less privileged users may be able to write into the folder. What an unfinished restore needs is recorded
 *   outside of it.
 *   Nothing in the folder decides what a restore or a recovery does, and no name in it leads them to a file outside.
 * - Failures are BackupErrors that name the folder: ARTIFACT_UNREADABLE when the archive is damaged;
 *   STORE_FULL when the disk is full; STAGING_FAILED for the rest. Failures
 *   of the place that holds the records are those of a store and name it. What reading the archive fails with is passed on.
 */
export interface StagingRestorer {
  /**
   * Why the folder cannot be restored into, for people to read; undefined when it can: it is a folder, or can
   * be made, and all its content can be moved by this user. Changes nothing. An unfinished restore is no
   * reason: `recover` sees to that.
   */
  refusal(folder: string): Promise<string | undefined>;

  /**
   * Finishes or undoes what a restore that died has left: what was unpacked only is removed, a swap that had
   * begun is finished. Returns what was done, for people to read; nothing for a folder without orphans, or
   * that does not exist. Safe to call again, also after it has failed or died itself. Fails only if a swap
   * that had begun cannot be finished. Leftovers without a record, damaged records, and folders that another
   * user has replaced are left alone and reported as warnings.
   */
  recover(folder: string, options?: RecoverOptions): Promise<readonly string[]>;

  /**
   * Unpacks the archive beside the content of the folder, which is made when it does not exist. All members
   * are looked at before the first is unpacked, so the archive is read twice. Fails with STAGING_FAILED while
   * a recorded swap is unfinished. When it fails, is aborted or discarded, nothing of it is left, not even a
   * folder that it has made.
   */
  unpack(
    archive: ArtifactContent,
    folder: string,
    options: { readonly signal: AbortSignal },
  ): Promise<UnpackedStaging>;

  /**
   * Removes the old content that `swap` has kept. What does not exist (any more) is no error; a path that no
   * swap has answered is refused with STAGING_FAILED. When it dies half-way, the next `recover` removes the
   * rest.
   */
  dropPrevious(previous: string): Promise<void>;
}
