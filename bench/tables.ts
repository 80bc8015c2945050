import { goalsOf, ratioTo } from './goals.ts';
import type { Contest, Contestant, Results, Sample } from './results.ts';
import { median } from './statistics.ts';
import { count, megabytes, milliseconds, seconds, share, times } from './units.ts';

/** A table of the report and of the document. All columns but the `words` first are numbers. */
export interface Table {
  readonly name: 'goals' | 'runs' | 'restore' | 'growth' | 'sets' | 'startUp' | 'idle';
  readonly words: number;
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const NOT_YET = 'not measured';

/** The tables of what was measured. */
export function tablesOf(results: Results): readonly Table[] {
  const { runs, restore, growth, sets, startUp, idle } = results;
  const all: readonly Table[] = [
    {
      name: 'runs',
      words: 2,
      titles: ['server', 'way', ...MEASURES, 'bytes made', 'ours by it'],
      rows: (runs ?? []).flatMap((each) => contestRows(`PostgreSQL ${each.server}`, each)),
    },
    {
      name: 'restore',
      words: 2,
      titles: ['server', 'way', ...MEASURES, 'bytes made', 'ours by it'],
      rows: (restore ?? []).flatMap((each) => contestRows(`PostgreSQL ${each.server}`, each)),
    },
    {
      name: 'growth',
      words: 2,
      titles: ['size', 'way', ...MEASURES, 'bytes made', 'ours by it'],
      rows: (growth ?? []).flatMap((each) => contestRows(sizeText(each), each)),
    },
    {
      name: 'sets',
      words: 2,
      titles: ['command', 'store', 'sets', 'seconds', 'peak of Node'],
      rows: (sets ?? []).map((each) => [
        each.command,
        each.store,
        count(each.sets),
        seconds(median(each.seconds)),
        megabytes(each.peakBytes),
      ]),
    },
    {
      name: 'startUp',
      words: 1,
      titles: ['command', 'median', 'peak of Node'],
      rows: (startUp ?? []).map((each) => [
        `geolens-backup ${each.command}`,
        milliseconds(median(each.seconds)),
        megabytes(each.peakBytes),
      ]),
    },
    {
      name: 'idle',
      words: 1,
      titles: ['serve', 'resident', 'its share (PSS)', 'wake-ups an hour', 'processor ms an hour'],
      rows: (idle ?? []).map((each) => [
        each.what,
        megabytes(each.residentBytes),
        megabytes(each.proportionalBytes),
        count(each.wakeUpsPerHour),
        count(each.cpuMillisecondsPerHour),
      ]),
    },
  ];
  return [goalsTable(results), ...all.filter(({ rows }) => rows.length > 0)];
}

function goalsTable(results: Results): Table {
  const rows = goalsOf(results).map(({ what, limit, measured, show }) => [
    what,
    measured === undefined ? NOT_YET : measured <= limit ? 'met' : 'missed',
    show(limit),
    measured === undefined ? '–' : show(measured),
  ]);
  return { name: 'goals', words: 2, titles: ['goal', '', 'at most', 'measured'], rows };
}

const MEASURES = ['seconds', 'processor s', 'peak of its own process', 'peak of all'];
const ORDER: readonly Contestant[] = ['ours', 'documented', 'pg_restore', 'floor', 'floor, all at once'];

/** Seconds and processor time are medians, memory is the most of all rounds. */
function contestRows(title: string, contest: Contest): readonly (readonly string[])[] {
  return ORDER.flatMap((who) => {
    const samples = contest.samples[who];
    const last = samples?.at(-1);
    if (samples === undefined || last === undefined) return [];
    const of = (pick: (sample: Sample) => number): readonly number[] => samples.map(pick);
    const by = ratioTo(who, contest);
    return [
      [
        title,
        who,
        median(of((sample) => sample.seconds)).toFixed(2),
        median(of((sample) => sample.cpuSeconds)).toFixed(2),
        megabytes(Math.max(...of((sample) => sample.ownPeakBytes))),
        megabytes(Math.max(...of((sample) => sample.treePeakBytes))),
        megabytes(last.bytes),
        who === 'ours' || by === undefined ? '' : who === 'documented' ? share(by) : times(by),
      ],
    ];
  });
}

export function sizeText({ databaseMb, smallFiles }: Contest): string {
  return smallFiles === undefined
    ? `${(databaseMb / 930).toFixed(1).replace(/\.0$/, '')} GB`
    : `${count(smallFiles)} small files`;
}

/** Where the time of our run of median length went: phases of a twentieth of a second and more. */
export function phasesText({ samples }: Contest): string {
  const runs = [...(samples.ours ?? [])].sort((one, other) => one.seconds - other.seconds);
  const phases = Object.entries(runs[Math.floor(runs.length / 2)]?.phases ?? {});
  return phases
    .filter(([, value]) => value >= 0.05)
    .map(([phase, value]) => `${phase} ${value.toFixed(2)}`)
    .join(', ');
}
