import type { Contest, Contestant, Results, Sample } from './results.ts';
import { median, ratio } from './statistics.ts';
import { megabytes, milliseconds, seconds, share, times } from './units.ts';

/** What was set out to be reached, and what was measured; undefined as long as it was not. */
export interface Goal {
  readonly what: string;
  readonly limit: number;
  readonly measured: number | undefined;
  readonly show: (value: number) => string;
}

const MB = 1e6;
const MANY = 10_000;

export function goalsOf(results: Results): readonly Goal[] {
  const whole = (results.runs ?? []).filter(({ s3 }) => s3);
  const on = (server: number): readonly Contest[] => whole.filter((contest) => contest.server === server);
  const ourRuns = [...(results.runs ?? []), ...(results.growth ?? [])].flatMap(
    ({ samples }) => samples.ours ?? [],
  );
  const overSets = (store: string, ...commands: string[]): number | undefined =>
    worst(
      (results.sets ?? [])
        .filter((each) => each.sets === MANY && each.store === store && commands.includes(each.command))
        .map((each) => median(each.seconds)),
    );
  const prunes = ['prune --dry-run', 'prune, of 10 sets'];
  const help = results.startUp?.find(({ command }) => command === '--help');
  return [
    {
      what: 'The run of a Sunday with S3, PostgreSQL 17, by the documented way',
      limit: 1 / 8,
      measured: worstRatio(on(17), 'documented'),
      show: share,
    },
    {
      what: 'The same, PostgreSQL 15',
      limit: 1 / 4,
      measured: worstRatio(on(15), 'documented'),
      show: share,
    },
    {
      what: 'The run of a Sunday with S3, by the floor',
      limit: 1.25,
      measured: worstRatio(whole, 'floor'),
      show: times,
    },
    {
      what: 'Peak memory of Node in a run, at every size',
      limit: 128 * MB,
      measured: worst(ourRuns.map((sample) => sample.ownPeakBytes)),
      show: megabytes,
    },
    {
      what: 'Peak memory of all its processes together',
      limit: 400 * MB,
      measured: worst(ourRuns.map((sample) => sample.treePeakBytes)),
      show: megabytes,
    },
    {
      what: 'A restore of the database, by `pg_restore -j`',
      limit: 1.15,
      measured: worstRatio(results.restore ?? [], 'pg_restore'),
      show: times,
    },
    {
      what: '`list` over 10,000 sets, on the volume',
      limit: 1,
      measured: overSets('local', 'list'),
      show: seconds,
    },
    { what: '`list` over 10,000 sets, on S3', limit: 2, measured: overSets('s3', 'list'), show: seconds },
    {
      what: '`prune` over 10,000 sets of which ten go, on the volume',
      limit: 1,
      measured: overSets('local', ...prunes),
      show: seconds,
    },
    {
      what: '`geolens-backup --help`',
      limit: 0.15,
      measured: help && median(help.seconds),
      show: milliseconds,
    },
    {
      what: '`serve`, idle',
      limit: 70 * MB,
      measured: worst((results.idle ?? []).map((each) => each.residentBytes)),
      show: megabytes,
    },
  ];
}

export function medianSeconds(samples: readonly Sample[] | undefined): number | undefined {
  return samples === undefined || samples.length === 0
    ? undefined
    : median(samples.map((sample) => sample.seconds));
}

/** Our median by that of another. */
export function ratioTo(other: Contestant, { samples }: Contest): number | undefined {
  return ratio(medianSeconds(samples.ours), medianSeconds(samples[other]));
}

function worstRatio(contests: readonly Contest[], other: Contestant): number | undefined {
  return worst(contests.map((contest) => ratioTo(other, contest)).filter((value) => value !== undefined));
}

function worst(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}
