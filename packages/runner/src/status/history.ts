import {
  bytesOf,
  parseTimestamp,
  SET_STATES,
  timestampToDate,
  type BackupSet,
  type PastRun,
  type RunTimestamp,
  type SetState,
} from '@geolens/backup-core';
import type { Status } from './status.ts';

/**
 * What became of a run: the state of its set, `failed` when it made none, `removed` when it made one that is
 * in no store any more.
 */
export type PastState = SetState | 'failed' | 'removed';

/** A run of the past, as far as its set, or a note in the journal, still tells of it. */
export interface Past {
  /** The moment in the name of its set; where there is none, when it began. */
  readonly at: Date;
  readonly state: PastState;
  /** Its set was restored to prove it. */
  readonly isRestoreTested: boolean;
  /** Of all its artifacts, once. */
  readonly bytes: number | undefined;
  /** How long it took until its set was there. */
  readonly milliseconds: number | undefined;
  /** Why the set, or the run, is not what it should be. */
  readonly problem: string | undefined;
}

/** All that is known of the runs so far, the oldest first; of several copies of a set the best one counts. */
export function historyOf({ stores, journal }: Pick<Status, 'stores' | 'journal'>): readonly Past[] {
  const past = new Map<string, Past>();
  const best = new Map<RunTimestamp, BackupSet>();
  for (const set of stores.flatMap(({ sets }) => sets ?? [])) {
    const other = best.get(set.timestamp);
    if (other === undefined || rank(set) < rank(other)) best.set(set.timestamp, set);
  }
  for (const set of best.values()) past.set(set.timestamp, ofSet(set));
  for (const run of pastRunsOf(journal.pastRuns)) {
    const timestamp = typeof run.timestamp === 'string' ? parseTimestamp(run.timestamp) : undefined;
    const known = timestamp === undefined ? undefined : past.get(timestamp);
    if (known === undefined) past.set(timestamp ?? run.startedAt, ofRun(run, timestamp));
  }
  return [...past.values()]
    .filter(({ at }) => !Number.isNaN(at.getTime()))
    .sort((one, other) => one.at.getTime() - other.at.getTime());
}

function rank(set: BackupSet): number {
  return SET_STATES.indexOf(set.state) - (isRestoreTested(set) ? 0.5 : 0);
}

function isRestoreTested({ state, checks }: BackupSet): boolean {
  return (state === 'complete' || state === 'suspicious') && checks.restoreTest?.outcome === 'passed';
}

function ofSet(set: BackupSet): Past {
  const { timestamp, state, manifest, problems } = set;
  return {
    at: timestampToDate(timestamp),
    state,
    isRestoreTested: isRestoreTested(set),
    bytes: bytesOf(set),
    milliseconds: manifest && between(manifest),
    problem: problems.length === 0 ? undefined : problems.join('; '),
  };
}

function ofRun(run: PastRun, timestamp: RunTimestamp | undefined): Past {
  const failed = run.outcome === 'failed';
  return {
    at: timestamp === undefined ? new Date(run.startedAt) : timestampToDate(timestamp),
    state: failed ? 'failed' : 'removed',
    isRestoreTested: false,
    bytes: failed ? undefined : run.bytes,
    milliseconds: failed ? undefined : between(run),
    problem: failed ? run.error : undefined,
  };
}

function between(run: { readonly startedAt: string; readonly finishedAt: string }): number | undefined {
  const milliseconds = new Date(run.finishedAt).getTime() - new Date(run.startedAt).getTime();
  return milliseconds >= 0 ? milliseconds : undefined;
}

/** The journal may have been edited by hand. */
function pastRunsOf(runs: unknown): readonly PastRun[] {
  return Array.isArray(runs)
    ? ((runs as (PastRun | null)[]).filter((run) => typeof run?.startedAt === 'string') as PastRun[])
    : [];
}
