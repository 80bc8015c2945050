import { parseTimestamp, timestampToDate } from '../model/timestamp.ts';
import type { JournalState } from '../ports/run-journal.ts';
import type { TestedRun } from '../catalog/restore-tests.ts';

/** What is known of an installation, and how old its last success may be. */
export interface HealthRequest {
  readonly now: Date;
  /** How old the last success may be, in milliseconds. */
  readonly maxAgeMs: number;
  /** As runs left it. */
  readonly journal: JournalState;
  /** When the sets were made that are there whole, in any order. */
  readonly setsAt: readonly Date[];
  /** The newest restore test, if it failed and no operator accepted that. */
  readonly failedRestoreTest?: TestedRun | undefined;
}

/** Whether backups are made as they should be. */
export interface Health {
  /** Whether the last success is young enough, and no failed restore test or check of replicas stands. */
  readonly healthy: boolean;
  /** When the newest set was made that is there; undefined when there is none. */
  readonly lastSuccessAt: Date | undefined;
  /**
   * Milliseconds since the last success, before any since the first start; undefined when there was neither.
   */
  readonly ageMs: number | undefined;
  /** How old it may be, in milliseconds: as was asked. */
  readonly maxAgeMs: number;
  /** The last run, when it failed: a warning while the last success is still young enough. */
  readonly lastFailure: { readonly at: Date; readonly error: string | undefined } | undefined;
  /** As it was given. */
  readonly failedRestoreTest?: TestedRun | undefined;
  /** The damage that the last check of replicas found, if no complete run came after it. */
  readonly failedReplicaCheck?: string | undefined;
  /** Why it is not healthy. */
  readonly problem: string | undefined;
}

/**
 * Judges by the age of the last success, before any by that of the first start, and by the newest restore
 * test. A success counts while its set, or an older one, is there: a note that a run ended well is no backup.
 * What lies in the future was written while the clock was wrong, and does not count.
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
  const isRecent = ageMs !== undefined && ageMs <= maxAgeMs;
  const problem = isRecent ? (failedTest ?? failedReplicaCheck) : problemOf(lastSuccessAt, succeeded, since);
  return {
    healthy: problem === undefined,
    lastSuccessAt,
    ageMs,
    maxAgeMs,
    lastFailure: failureOf(journal),
    failedRestoreTest,
    failedReplicaCheck,
    problem,
  };
}

/** Whether the last success is young enough, whatever restore tests and checks of replicas showed. */
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

/** Damage that a check of replicas found, until a run that came later replaced it and ended well. */
function failedCopies({ lastReplicaCheck, lastRun }: JournalState): string | undefined {
  if (lastReplicaCheck?.outcome !== 'failed') return undefined;
  const { finishedAt, problem } = lastReplicaCheck;
  if (lastRun?.outcome === 'complete' && lastRun.finishedAt > finishedAt) return undefined;
  return `a check of copies found damage${problem === undefined ? '' : `: ${problem}`}`;
}

function failedTestProblem({ timestamp, result: { reason } }: TestedRun): string {
  return `the restore test of set ${timestamp} failed${reason === undefined ? '' : `: ${reason}`}`;
}

/** A set has the beginning of its run in its name; what counts is when it was there. */
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

function problemOf(lastSuccessAt: Date | undefined, succeeded: boolean, since: Date | undefined): string {
  if (lastSuccessAt !== undefined) return 'the last success is too long ago';
  if (succeeded) return 'runs have succeeded, but none of their sets is left';
  return since === undefined
    ? 'there is no set, and no run was ever begun'
    : 'no run has succeeded since the first start';
}

function newest(moments: readonly Date[]): Date | undefined {
  return moments.reduce<Date | undefined>(
    (latest, moment) => (latest === undefined || moment > latest ? moment : latest),
    undefined,
  );
}

/** The journal may have been edited by hand. */
function dateOf(text: string | undefined): Date | undefined {
  const date = typeof text === 'string' ? new Date(text) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
