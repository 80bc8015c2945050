import type { BackupError } from '../base/errors.ts';
import type { Restored, RestoreMode } from '../ports/dump-restorer.ts';
import type { SetCopy } from '../ports/set-copy.ts';

/** What a restore is about to do. */
export interface RestorePlan {
  readonly source: SetCopy;
  readonly mode: RestoreMode;
  readonly database: string;
  /** Whether there is a database under the name now. */
  readonly exists: boolean;
  readonly stagingTo: string | undefined;
  /** What failed without keeping the database from being restored: its files, or what comes after it. */
  readonly errors: readonly BackupError[];
}

/** What became of a restore. */
export interface RestoreReport extends RestorePlan {
  /** `checked`: a dry run that found nothing in the way. */
  readonly outcome: 'checked' | 'restored';
  readonly serverVersion: string;
  readonly dumpVersion: string;
  readonly restored: Restored | undefined;
  /** Under which name the database of before is kept. */
  readonly previous: string | undefined;
  /** Where the files of before are kept. */
  readonly previousStaging: string | undefined;
  /** How many members of the staging archive are in their place; `undefined` if no files were restored. */
  readonly members: number | undefined;
  /** What was left out of the files: one text for each reason, with names. */
  readonly filesLeftOut: readonly string[];
  readonly recovered: readonly string[];
  readonly warnings: readonly string[];
  readonly startedAt: Date;
  readonly finishedAt: Date;
}
