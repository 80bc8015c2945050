import type { BackupError } from '../base/errors.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { RestoreTester } from '../ports/restore-tester.ts';
import type { Lock, LockOptions } from '../ports/lock.ts';
import type { RetentionPolicy } from '../ports/retention-policy.ts';
import type { RunJournal } from '../ports/run-journal.ts';
import type { OrphanCleaner } from '../ports/orphan-cleaner.ts';
import type { RunObserver } from '../progress/phases.ts';
import type { StallLimit } from '../progress/stall.ts';
import type { ProduceParts, VerifyLevel } from './produce.ts';

/** Everything that a run works with. */
export interface RunParts extends ProduceParts {
  readonly clock: Clock;
  readonly lock: Lock;
  /** Asked after the set is good; its sets are those of this database. */
  readonly retention: RetentionPolicy;
  /** Told how the run ended; absent where nobody asks for that later, as a loop and `judgeHealth` do. */
  readonly journal?: RunJournal | undefined;
  /** What works under the same lock and may have died, besides runs. */
  readonly cleaners?: readonly OrphanCleaner[] | undefined;
  /** Stores that are to have every set too. */
  readonly replicas?: readonly ArtifactStore[] | undefined;
  /** How long a phase may move no byte; without end when absent. */
  readonly stall?: StallLimit | undefined;
  /** Tests the restore of a new set; needed for the level `restore`. */
  readonly restoreTest?: RestoreTester | undefined;
}

/** How a run is made, and who is told. */
export interface RunOptions {
  /** Written into the manifest. */
  readonly toolVersion: string;
  /** `readable` when absent. */
  readonly verify?: VerifyLevel | undefined;
  /**
   * Under which share of the median of the last complete sets the new one is suspicious; 0.5 when absent, 0
   * for never.
   */
  readonly sizeAnomalyThreshold?: number | undefined;
  /** `fail` when absent: LOCK_HELD at once when another process works on the volume. */
  readonly whenLockHeld?: LockOptions['whenHeld'];
  /** Told of every phase as it goes on. */
  readonly observer?: RunObserver | undefined;
  /**
   * Takes secrets out of a text: what a server says goes into warnings, and with them into the manifest.
   * Nothing is taken out when absent.
   */
  readonly redact?: ((text: string) => string) | undefined;
  /** Returns what the journal keeps of an error. Defaults to its message and hint. */
  readonly describeError?: ((error: BackupError) => string) | undefined;
  /** Stops the run: programs end, drafts go, sets stay as they were. */
  readonly signal?: AbortSignal | undefined;
}
