import type { BackupError } from '../base/errors.ts';
import type { Checks, Manifest, Suspicion } from '../model/manifest.ts';
import type { ArtifactKey } from '../model/artifact-key.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { RunOutcome } from '../ports/run-journal.ts';
import type { ReplicationReport } from '../replicate/replicate.ts';
import type { RestoreTestReport } from '../restore-test/restore-test-report.ts';
import type { PhaseReport } from '../model/run-phase.ts';

/** Result of a run. */
export interface RunReport {
  /**
   * Outcome of the run.
   *
   * - `complete`: everything succeeded;
   * - `partial`: the local set is good, but a later step failed, such as its restore test;
   * - `failed`: there is no new set, or a restore test found damaged rows.
   */
  readonly outcome: RunOutcome;
  readonly database: string;
  /** `undefined` if the run failed before it had one. */
  readonly timestamp: RunTimestamp | undefined;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** Manifest of the new set. `undefined` if the run failed. */
  readonly manifest: Manifest | undefined;
  /** Checks of the new set, including the restore test. */
  readonly checks: Checks;
  /** Rows of the previous complete set, for comparison. `undefined` if unknown. */
  readonly previousRows: number | undefined;
  /** Result of the restore test of the new set. `undefined` if there was none. */
  readonly restoreTest: RestoreTestReport | undefined;
  /**
   * Why the new set is suspicious. Retention removes nothing while it is the newest. `undefined` if it is not
   * suspicious.
   */
  readonly suspicion: Suspicion | undefined;
  /** Successful phases, in the order of their ends. */
  readonly phases: readonly PhaseReport[];
  /** Tolerated irregularities, one sentence each. */
  readonly warnings: readonly string[];
  /**
   * Errors of a partial or failed run. The cause of a failure, or of a failed restore test, comes first.
   * Empty for a complete run.
   */
  readonly errors: readonly BackupError[];
  /** One report for each replica. */
  readonly replication: readonly ReplicationReport[];
  /** Removed orphans of dead runs. */
  readonly cleanedUp: readonly string[];
  /** Keys that retention removed, even if it did not complete. */
  readonly removed: readonly ArtifactKey[];
}
