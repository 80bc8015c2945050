import type { CheckOutcome } from '../model/check-outcome.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { PhaseReport } from '../model/run-phase.ts';

/**
 * Outcome of a run.
 *
 * - `succeeded`: every step succeeded;
 * - `with-errors`: the set is good, but a later step failed;
 * - `failed`: there is no set.
 *
 * No outcome of a run shares a word with a state of a set.
 */
export type RunOutcome = 'succeeded' | 'with-errors' | 'failed';

/** Result of the last run. Times are ISO 8601, UTC. */
export interface JournalledRun {
  /** `undefined` if the run failed before it had one. */
  readonly timestamp?: RunTimestamp | undefined;
  readonly outcome: RunOutcome;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Message of the first error. `undefined` if there was none. */
  readonly error?: string | undefined;
  /** `undefined` in journals of older versions. */
  readonly phases?: readonly PhaseReport[] | undefined;
}

/** Summary of an earlier run, whose set may be removed by then. Times are ISO 8601, UTC. */
export interface PastRun {
  /** `undefined` if the run failed before it had one. */
  readonly timestamp?: RunTimestamp | undefined;
  readonly outcome: RunOutcome;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Total size of the artifacts of its set. */
  readonly bytes?: number | undefined;
  /** Message of the first error. `undefined` if there was none. */
  readonly error?: string | undefined;
}

/** Progress of a run. Times are ISO 8601, UTC. */
export interface JournalledProgress {
  readonly startedAt: string;
  /** Time of this record. The record of a killed run stays, and is ignored once it is old. */
  readonly at: string;
  /** Phase and artifact: `produce dump`. */
  readonly phase?: string | undefined;
  /** Progress of the phase. `undefined` if unknown. */
  readonly percent?: number | undefined;
}

/**
 * The last started time of the schedule. `settled` is false during the work, and stays false if the process
 * dies.
 */
export interface JournalledSlot {
  /** The moment that the schedule names, ISO 8601, UTC. */
  readonly slot: string;
  /** Number of starts. */
  readonly attempts: number;
  readonly settled: boolean;
}

/** Result of the last scheduled restore test. */
export interface JournalledRestoreTest {
  /** Run of the tested set. */
  readonly timestamp?: RunTimestamp | undefined;
  /** Store of the tested set. `undefined` if there is only one store. */
  readonly store?: string | undefined;
  readonly outcome: CheckOutcome;
  readonly finishedAt: string;
  /** Why it did not pass. `undefined` if it passed. */
  readonly problem?: string | undefined;
}

/** Result of the last scheduled check of replicas. */
export interface JournalledReplicaCheck {
  readonly outcome: CheckOutcome;
  readonly finishedAt: string;
  /** Number of sets read. */
  readonly sets: number;
  /** Why it did not pass. `undefined` if it passed. */
  readonly problem?: string | undefined;
}

/** State that must survive restarts and is not stored in the sets. */
export interface JournalState {
  /** First start of the loop, ISO 8601, UTC. No earlier time of the schedule is missed. */
  readonly firstStartAt?: string | undefined;
  /** Last scheduled time of a run. */
  readonly lastSlot?: JournalledSlot | undefined;
  /** Last scheduled time of a restore test. */
  readonly lastRestoreTestSlot?: JournalledSlot | undefined;
  readonly lastRestoreTest?: JournalledRestoreTest | undefined;
  /** Last scheduled time of a check of replicas. */
  readonly lastReplicaCheckSlot?: JournalledSlot | undefined;
  readonly lastReplicaCheck?: JournalledReplicaCheck | undefined;
  readonly lastRun?: JournalledRun | undefined;
  /** The run in progress. `undefined` if there is none. */
  readonly currentRun?: JournalledProgress | undefined;
  /** The last runs, covering some months, the newest last. `undefined` in journals of older versions. */
  readonly pastRuns?: readonly PastRun[] | undefined;
  /** Last time at which the identity of a recipient opened a set, by fingerprint. ISO 8601, UTC. */
  readonly keyChecks?: Readonly<Record<string, string>> | undefined;
  /** End of the last run with a good local set. */
  readonly lastSuccessAt?: string | undefined;
}

/**
 * A small memory that outlives the process. Losing it loses no backup: catch-up and health then start anew.
 */
export interface RunJournal {
  /**
   * Returns the state. Empty if nothing was written yet, or the content is not usable. Rejects if the state
   * cannot be read at the moment.
   */
  read(): Promise<JournalState>;
  /**
   * Replaces the given fields durably and atomically, and keeps the others. Rejects without changes if the
   * others cannot be read.
   */
  update(change: JournalState): Promise<void>;
}
