import { parseTimestamp, timestampToDate } from '../model/timestamp.ts';
import type { JournalState } from '../ports/run-journal.ts';
import type { TestedRun } from '../catalog/restore-tests.ts';

/** Known state of an installation, and the maximum age of its last success. */
export interface HealthRequest {
  readonly now: Date;
  /** Maximum age of the last success in milliseconds. */
  readonly maxAgeMs: number;
  /** State as journalled by the runs. */
  readonly journal: JournalState;
  /** Times of the existing whole sets, in any order. */
  readonly setsAt: readonly Date[];
  /** The newest restore test, if it failed and no operator accepted the failure. */
  readonly failedRestoreTest?: TestedRun | undefined;
}

/** A run in progress, as its last record describes it. */
export interface RunInProgress {
  readonly since: Date;
  /** Phase and artifact: `produce dump`. */
  readonly phase: string | undefined;
  /** Progress of the phase. `undefined` if unknown. */
  readonly percent: number | undefined;
}

/** Health of an installation. */
export interface Health {
  /**
   * Whether the last success is recent enough, and no restore test or check of replicas has an open failure.
   */
  readonly healthy: boolean;
  /** Time of the newest existing set. `undefined` if there is none. */
  readonly lastSuccessAt: Date | undefined;
  /**
   * Milliseconds since the last success, or since the first start if there is none. `undefined` without both.
   */
  readonly ageMs: number | undefined;
  /** Maximum age in milliseconds, as requested. */
  readonly maxAgeMs: number;
  /** The last run, if it failed. Only a warning while the last success is recent enough. */
  readonly lastFailure: { readonly at: Date; readonly error: string | undefined } | undefined;
  /** The run in progress. `undefined` if there is none. */
  readonly running?: RunInProgress | undefined;
  /** As in the request. */
  readonly failedRestoreTest?: TestedRun | undefined;
  /** Damage found by the last check of replicas. `undefined` once a complete run follows it. */
  readonly failedReplicaCheck?: string | undefined;
  /** Why it is not healthy. `undefined` if it is. */
  readonly problem: string | undefined;
}

/**
 * Judges the age of the last success, or of the first start if there is none, and the newest restore test. A
 * success counts only while its set, or an older one, exists, because a journal entry is no backup. Ignores
 * times in the future, because the clock was wrong.
 */
export function judgeHealth({ now, maxAgeMs, journal, setsAt, failedRestoreTest }: HealthRequest): Health {
  const newestSetAt = newest(setsAt.filter((moment) => moment <= now));
  const lastSuccessAt = newestSetAt && (endOfItsRun(journal, newestSetAt, now) ?? newestSetAt);
  const succeeded = dateOf(journal.lastSuccessAt) !== undefined;
  const firstStartAt = [journal.firstStartAt]
    .flatMap((text) => dateOf(text) ?? [])
    .filter((moment) => moment <= now);
  const since = succeeded
    ? lastSuccessAt
    : newest([...firstStartAt, ...(lastSuccessAt === undefined ? [] : [lastSuccessAt])]);
  const ageMs = since && now.getTime() - since.getTime();
  const failedTest = failedRestoreTest && failedTestProblem(failedRestoreTest);
  const failedReplicaCheck = failedCopies(journal);
  const running = runningOf(journal, now);
  const isRecent = ageMs !== undefined && ageMs <= maxAgeMs;
  const problem = isRecent
    ? (failedTest ?? failedReplicaCheck)
    : problemOf(journal, lastSuccessAt, since, running);
  return {
    healthy: problem === undefined,
    lastSuccessAt,
    ageMs,
    maxAgeMs,
    lastFailure: failureOf(journal),
    running,
    failedRestoreTest,
    failedReplicaCheck,
    problem,
  };
}

/** Returns whether the last success is recent enough, independent of restore tests and checks of replicas. */
export function isFresh({
  healthy,
  ageMs,
  maxAgeMs,
  failedRestoreTest,
  failedReplicaCheck,
}: Pick<Health, 'healthy' | 'ageMs' | 'maxAgeMs' | 'failedRestoreTest' | 'failedReplicaCheck'>): boolean {
  const failed = failedRestoreTest ?? failedReplicaCheck;
  return healthy || (failed !== undefined && ageMs !== undefined && ageMs <= maxAgeMs);
}

/** Returns the damage found by a check of replicas, until a later complete run has replaced the copies. */
function failedCopies({ lastReplicaCheck, lastRun }: JournalState): string | undefined {
  if (lastReplicaCheck?.outcome !== 'failed') return undefined;
  const { finishedAt, problem } = lastReplicaCheck;
  if (lastRun?.outcome === 'succeeded' && lastRun.finishedAt > finishedAt) return undefined;
  return `a check of copies found damage${problem === undefined ? '' : `: ${problem}`}`;
}

function failedTestProblem({ timestamp, result: { reason } }: TestedRun): string {
  return `the restore test of set ${timestamp} failed${reason === undefined ? '' : `: ${reason}`}`;
}

/**
 * Returns the end of the run that made the set. Its age counts from there, but its name has only the start.
 */
function endOfItsRun({ lastRun }: JournalState, setAt: Date, now: Date): Date | undefined {
  const timestamp = typeof lastRun?.timestamp === 'string' ? parseTimestamp(lastRun.timestamp) : undefined;
  if (
    lastRun?.outcome === 'failed' ||
    timestamp === undefined ||
    timestampToDate(timestamp).getTime() !== setAt.getTime()
  )
    return undefined;
  const finishedAt = dateOf(lastRun?.finishedAt);
  return finishedAt !== undefined && finishedAt >= setAt && finishedAt <= now ? finishedAt : undefined;
}

function failureOf({ lastRun }: JournalState): Health['lastFailure'] {
  const at = lastRun?.outcome === 'failed' ? dateOf(lastRun.finishedAt) : undefined;
  return at && { at, error: lastRun?.error };
}

/** Maximum age of the record of a run, which writes one every few seconds. */
const LIVE_MS = 60_000;

/** Maximum length of the phase. Another program may have written the journal. */
const LONGEST_PHASE = 80;

function runningOf({ currentRun }: JournalState, now: Date): RunInProgress | undefined {
  const [since, at] = [dateOf(currentRun?.startedAt), dateOf(currentRun?.at)];
  if (since === undefined || at === undefined || Math.abs(now.getTime() - at.getTime()) > LIVE_MS)
    return undefined;
  const { phase, percent = -1 } = currentRun ?? {};
  return {
    since,
    phase: typeof phase === 'string' ? phase.slice(0, LONGEST_PHASE) : undefined,
    percent: percent >= 0 && percent <= 100 ? Math.floor(percent) : undefined,
  };
}

function problemOf(
  { lastRun, lastSuccessAt: succeededAt }: JournalState,
  lastSuccessAt: Date | undefined,
  since: Date | undefined,
  running: RunInProgress | undefined,
): string {
  if (lastSuccessAt !== undefined) return 'the last success is too long ago';
  if (dateOf(succeededAt) !== undefined) return 'runs have succeeded, but none of their sets is left';
  if (since !== undefined) return 'no run has succeeded since the first start';
  if (lastRun !== undefined) return 'there is no set, and no run has succeeded';
  return running === undefined
    ? 'there is no set, and no run was ever begun'
    : 'there is no set yet, and the first run is in progress';
}

function newest(moments: readonly Date[]): Date | undefined {
  return moments.reduce<Date | undefined>(
    (latest, moment) => (latest === undefined || moment > latest ? moment : latest),
    undefined,
  );
}

/** Parses a time of the journal, which may have been edited by hand. */
function dateOf(text: string | undefined): Date | undefined {
  const date = typeof text === 'string' ? new Date(text) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
