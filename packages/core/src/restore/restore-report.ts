import type { BackupError } from '../base/errors.ts';
import type { Restored, RestoreMode } from '../ports/dump-restorer.ts';
import type { SetCopy } from '../ports/set-copy.ts';

/** Restores the files only. The database is not contacted. */
export interface FilesMode {
  readonly kind: 'files';
}

/** Plan of a restore. */
export interface RestorePlan {
  readonly source: SetCopy;
  readonly mode: RestoreMode | FilesMode;
  readonly database: string;
  /** Whether a database of this name exists. `false` if the files only are restored. */
  readonly exists: boolean;
  /** Estimated rows of that database. `undefined` if unknown. */
  readonly liveRows?: number | undefined;
  readonly stagingTo: string | undefined;
  /** Failures that did not stop the restore of the database: of its files, or of later steps. */
  readonly errors: readonly BackupError[];
}

/** Result of a restore. */
export interface RestoreReport extends RestorePlan {
  /** `checked`: a dry run without problems. */
  readonly outcome: 'checked' | 'restored';
  /** `undefined` if the files only are restored, as for `dumpVersion`. */
  readonly serverVersion: string | undefined;
  readonly dumpVersion: string | undefined;
  readonly restored: Restored | undefined;
  /** Name of the kept previous database. `undefined` if there is none. */
  readonly previous: string | undefined;
  /** Path of the kept previous files. `undefined` if there are none. */
  readonly previousStaging: string | undefined;
  /** Number of restored members of the staging archive. `undefined` if no files were restored. */
  readonly members: number | undefined;
  /** Members that were left out: one text per reason, with names. */
  readonly filesLeftOut: readonly string[];
  readonly recovered: readonly string[];
  readonly warnings: readonly string[];
  readonly startedAt: Date;
  readonly finishedAt: Date;
}
