import type { ArtifactContent } from './artifact-store.ts';
import type { KeptContent } from './dump-restorer.ts';

/** Result of a swap. */
export interface SwappedStaging {
  /** Path of the old content. `undefined` if there was none. */
  readonly previous: string | undefined;
  /** Tolerable irregularities, such as an owner that the folder itself could not get. */
  readonly warnings: readonly string[];
}

/** New content next to the old one. Nothing in use has changed yet. */
export interface UnpackedStaging {
  /** Number of unpacked members. */
  readonly members: number;
  /** Members that were left out: one text per reason, with names. */
  readonly leftOut: readonly string[];
  /** Tolerable irregularities, such as owners that this user cannot assign to files. */
  readonly warnings: readonly string[];

  /**
   * Replaces the old content with the new one and keeps the old one. The caller calls it once.
   *
   * - After it resolves, the new content survives a crash of the machine.
   * - After a failure, the old content is in its place again.
   * - If even that fails (the error reports it) or the process dies, `recover` puts the new content in place.
   *   The folder never stays a mixture of both.
   * - It cannot be aborted: it moves names, not bytes.
   */
  swap(): Promise<SwappedStaging>;

  /**
   * Removes the unpacked content. Does nothing once a swap has succeeded or is left to `recover`. Safe to
   * call twice. Never fails.
   */
  discard(): Promise<void>;
}

/** Options of a recovery. */
export interface RecoverOptions {
  /**
   * Called with one sentence for each item that was ignored or could not be removed. The operator can act on
   * it.
   */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * Restores the files that belong to the database from their archive.
 *
 * - The caller of `recover`, `unpack`, `swap` and `dropPrevious` holds the lock. The caller also ensures that
 *   no other program writes into the folder during `swap`.
 * - Entries at the top of the folder with exactly the restore file names are not content and are never moved.
 *   Content kept by earlier restores stays until `dropPrevious` removes it.
 * - Members that must not be unpacked (devices, names that would leave the folder) are left out and listed.
 *   `Archiver.check` finds the same members.
 * - Less privileged users may be able to write into the folder. The state of an unfinished restore is
 *   therefore recorded outside of it. Nothing in the folder affects a restore or a recovery, and no name in
 *   it leads them to a file outside.
 * - Failures are BackupErrors that name the folder: ARTIFACT_UNREADABLE if the archive is damaged, STORE_FULL
 *   if the disk is full, STAGING_FAILED otherwise.
 * - Failures of the place of the records are store errors that name that place. Errors from reading the
 *   archive are passed on.
 */
export interface StagingRestorer {
  /**
   * Returns why a restore into the folder is impossible, for the operator. `undefined` if it is possible: the
   * folder exists or can be created, and this user can move all its content. Changes nothing. Ignores an
   * unfinished restore, which `recover` handles.
   */
  refusal(folder: string): Promise<string | undefined>;

  /**
   * Completes or undoes a restore that died: removes unpacked content, or finishes a started swap. Returns
   * descriptions of what it did, for the operator. Empty if the folder has no orphaned files or does not
   * exist. Safe to repeat, also after it failed or died itself. Fails only if a started swap cannot be
   * finished. Unrecorded orphans, damaged records and folders that another user replaced stay, with a
   * warning.
   */
  recover(folder: string, options?: RecoverOptions): Promise<readonly string[]>;

  /**
   * Unpacks the archive next to the content of the folder, and creates a missing folder. Checks all members
   * before it unpacks the first, so it reads the archive twice. A failure, an abort or a discard leaves
   * nothing behind, not even a folder that it created.
   * @throws BackupError STAGING_FAILED if a recorded swap is unfinished
   */
  unpack(
    archive: ArtifactContent,
    folder: string,
    options: { readonly signal: AbortSignal },
  ): Promise<UnpackedStaging>;

  /** Returns the folders that swaps kept in this folder. Empty if it does not exist. */
  listPrevious(folder: string): Promise<readonly KeptContent[]>;

  /**
   * Removes the old content that `swap` kept. Does nothing if the path does not exist. If the process dies
   * meanwhile, the next `recover` removes the rest.
   * @throws BackupError STAGING_FAILED if no swap returned the path
   */
  dropPrevious(previous: string): Promise<void>;
}
