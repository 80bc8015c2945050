import type { CheckOutcome } from '../model/check-outcome.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { PhaseReport } from '../model/run-phase.ts';

/** How a run ended: all of it done; its set good and something after it failed; no set. */
export type RunOutcome = 'complete' | 'partial' | 'failed';

/** How the last run ended. Moments are ISO 8601, UTC. */
export interface JournalledRun {
  /** Absent where the run failed before it had one. */
  readonly timestamp?: RunTimestamp | undefined;
  readonly outcome: RunOutcome;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Text of the first error; absent if there was none. */
  readonly error?: string | undefined;
  /** Absent in what older versions wrote. */
  readonly phases?: readonly PhaseReport[] | undefined;
}

/** What stays of a run once later ones have ended: its set may be gone by then. Moments are ISO 8601, UTC. */
export interface PastRun {
  /** Absent where the run failed before it had one. */
  readonly timestamp?: RunTimestamp | undefined;
  readonly outcome: RunOutcome;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Of all artifacts of its set together. */
  readonly bytes?: number | undefined;
  /** Text of the first error; absent if there was none. */
  readonly error?: string | undefined;
}

/**
 * The scheduled slot that was last begun. `settled` is false while it runs, and stays so when its process
 * died.
 */
export interface JournalledSlot {
  /** The moment that the schedule names, ISO 8601, UTC. */
  readonly slot: string;
  /** How often it was begun. */
  readonly attempts: number;
  readonly settled: boolean;
}

/** How the last scheduled restore test ended. */
export interface JournalledRestoreTest {
  /** The run whose set was tested. */
  readonly timestamp?: RunTimestamp | undefined;
  /** The store that it lies in; absent if there is one store only. */
  readonly store?: string | undefined;
  readonly outcome: CheckOutcome;
  readonly finishedAt: string;
  /** Why it did not pass. */
  readonly problem?: string | undefined;
}

/** How the last scheduled check of replicas ended. */
export interface JournalledReplicaCheck {
  readonly outcome: CheckOutcome;
  readonly finishedAt: string;
  /** How many sets were read. */
  readonly sets: number;
  /** Why it did not pass. */
  readonly problem?: string | undefined;
}

/** What has to be known across restarts and is not in the sets themselves. */
export interface JournalState {
  /** When the loop was started for the first time, ISO 8601, UTC: no slot before it is missed. */
  readonly firstStartAt?: string | undefined;
  /** Of the runs. */
  readonly lastSlot?: JournalledSlot | undefined;
  /** Of the restore tests. */
  readonly lastRestoreTestSlot?: JournalledSlot | undefined;
  readonly lastRestoreTest?: JournalledRestoreTest | undefined;
  /** Of the checks of replicas. */
  readonly lastReplicaCheckSlot?: JournalledSlot | undefined;
  readonly lastReplicaCheck?: JournalledReplicaCheck | undefined;
  readonly lastRun?: JournalledRun | undefined;
  /**
   * The last runs, the newest last; so many that they tell of some months. Absent in what older versions
   * wrote.
   */
  readonly pastRuns?: readonly PastRun[] | undefined;
  /** When the last run ended whose local set is good. */
  readonly lastSuccessAt?: string | undefined;
}

/**
 * A small memory that outlives the process. Losing it loses no backup: catch-up and health then start anew.
 */
export interface RunJournal {
  /**
   * The state; an empty one when nothing was written yet or what was written makes no sense. Rejects when it
   * cannot be read now.
   */
  read(): Promise<JournalState>;
  /**
   * Replaces the named fields, leaves the others, durably and atomically; when the others cannot be read, it
   * rejects and changes nothing.
   */
  update(change: JournalState): Promise<void>;
}
