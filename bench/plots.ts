import { medianSeconds } from './goals.ts';
import type { Plot, Series } from './plot.ts';
import type { Contest, Contestant, Results, Sample } from './results.ts';
import { median } from './statistics.ts';
import { sizeText } from './tables.ts';
import { count } from './units.ts';

/** The pictures of the document, by the ends of their files' names. */
export function plotsOf({ runs = [], growth = [], sets = [] }: Results): Readonly<Record<string, Plot>> {
  const bySize = growth.filter(({ smallFiles }) => smallFiles === undefined);
  const commands = [...new Set(sets.map(({ command, store }) => `${command}, ${store}`))];
  const numbers = [...new Set(sets.map((each) => each.sets))];
  const plots: Record<string, Plot> = {
    runs: {
      title: 'The run of a Sunday',
      unit: 'seconds',
      labels: runs.map(({ server }) => `PostgreSQL ${server}`),
      series: secondsOf(runs, ['ours', 'documented', 'floor'], () => 1),
    },
    'growth-time': {
      title: 'The run of a Sunday, for each gigabyte of the database',
      unit: 'seconds',
      labels: bySize.map(sizeText),
      series: secondsOf(bySize, ['ours', 'floor'], ({ databaseMb }) => databaseMb / 930),
    },
    'growth-memory': {
      title: 'Peak memory of our run',
      unit: 'MB',
      labels: growth.map(sizeText),
      series: [
        {
          name: 'Node alone',
          colour: 0,
          values: growth.map((each) => most(each, (sample) => sample.ownPeakBytes)),
        },
        {
          name: 'all its processes',
          colour: 3,
          values: growth.map((each) => most(each, (sample) => sample.treePeakBytes)),
        },
      ],
    },
    sets: {
      title: 'Commands over many sets',
      unit: 'seconds',
      labels: commands,
      series: numbers.map((number, index) => ({
        colour: index === 0 ? 3 : 0,
        name: `${count(number)} sets`,
        values: commands.map((label) => {
          const found = sets.find(
            (each) => each.sets === number && `${each.command}, ${each.store}` === label,
          );
          return found && median(found.seconds);
        }),
      })),
    },
  };
  return Object.fromEntries(Object.entries(plots).filter(([, { labels }]) => labels.length > 0));
}

function secondsOf(
  contests: readonly Contest[],
  who: readonly Contestant[],
  unit: (contest: Contest) => number,
): readonly Series[] {
  return who.map((name) => ({
    colour: name === 'ours' ? 0 : name === 'documented' ? 1 : 2,
    name,
    values: contests.map((contest) => {
      const seconds = medianSeconds(contest.samples[name]);
      return seconds === undefined ? undefined : seconds / unit(contest);
    }),
  }));
}

function most({ samples }: Contest, pick: (sample: Sample) => number): number | undefined {
  return samples.ours === undefined ? undefined : Math.max(...samples.ours.map(pick)) / 1e6;
}
