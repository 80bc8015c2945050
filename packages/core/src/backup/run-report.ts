import type { BackupError } from '../base/errors.ts';
import type { Checks, Manifest, Suspicion } from '../model/manifest.ts';
import type { ArtifactKey } from '../model/artifact-key.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { RunOutcome } from '../ports/run-journal.ts';
import type { ReplicationReport } from '../replicate/replicate.ts';
import type { RestoreTestReport } from '../restore-test/restore-test-report.ts';
import type { PhaseReport } from '../model/run-phase.ts';

/** What became of a run. */
export interface RunReport {
  /**
   * `complete`; `partial`: the local set is good, something after it failed, such as its restore test;
   * `failed`: there is no new set, or a restore test found its rows damaged.
   */
  readonly outcome: RunOutcome;
  readonly database: string;
  /** Undefined when the run failed before it had one. */
  readonly timestamp: RunTimestamp | undefined;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** The manifest of the new set, unless the run failed. */
  readonly manifest: Manifest | undefined;
  /** The checks of the new set, with a restore test. */
  readonly checks: Checks;
  /** The rows of the former complete set, to compare with. */
  readonly previousRows: number | undefined;
  /** What a restore test of the new set showed; undefined when there was none. */
  readonly restoreTest: RestoreTestReport | undefined;
  /**
   * Why the new set is not trusted to be what its database was; while it is the newest, retention removes
   * nothing.
   */
  readonly suspicion: Suspicion | undefined;
  /** Those that ended well, in the order in which they did. */
  readonly phases: readonly PhaseReport[];
  /** What was odd but tolerable, one sentence each. */
  readonly warnings: readonly string[];
  /**
   * What made the run partial or failed, that which made it fail, or its restore test, first; empty when it
   * is complete.
   */
  readonly errors: readonly BackupError[];
  /** One for each replica. */
  readonly replication: readonly ReplicationReport[];
  /** What was left over from runs that died, and is gone now. */
  readonly cleanedUp: readonly string[];
  /** What retention removed, also when it did not get to its end. */
  readonly removed: readonly ArtifactKey[];
}
