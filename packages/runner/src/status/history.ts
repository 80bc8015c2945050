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

/** State of the set of a run. `failed` if the run made no set, `removed` if no store still has it. */
export type PastState = SetState | 'failed' | 'removed';

/** A past run, as recorded by its set or by the journal. */
export interface Past {
  /** Time in the name of the set. Defaults to the start of the run. */
  readonly at: Date;
  readonly state: PastState;
  /** Whether the set passed a restore test. */
  readonly isRestoreTested: boolean;
  /** Total size of its artifacts, each counted once. */
  readonly bytes: number | undefined;
  /** Time from the start of the run until its set was complete. */
  readonly milliseconds: number | undefined;
  /** Reason why the set or the run is not good. `undefined` if there is none. */
  readonly problem: string | undefined;
}

/** Returns all known runs, the oldest first. Uses the best copy of each set. */
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

/** Returns the valid past runs. An operator may have edited the journal. */
export function pastRunsOf(runs: unknown): readonly PastRun[] {
  return Array.isArray(runs)
    ? ((runs as (PastRun | null)[]).filter((run) => typeof run?.startedAt === 'string') as PastRun[])
    : [];
}
