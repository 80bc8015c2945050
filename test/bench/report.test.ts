import { expect, it } from 'vitest';
import { readArguments } from '../../bench/arguments.ts';
import { filled, sectionsOf } from '../../bench/document.ts';
import { goalsOf } from '../../bench/goals.ts';
import { merged } from '../../bench/merged.ts';
import { svgOf } from '../../bench/plot.ts';
import { plotsOf } from '../../bench/plots.ts';
import type { Results, Sample } from '../../bench/results.ts';
import { median, ratio } from '../../bench/statistics.ts';
import { lastSunday } from '../../bench/sunday.ts';
import { share } from '../../bench/units.ts';

const sample = (seconds: number, ownPeakBytes = 100e6): Sample => ({
  seconds,
  cpuSeconds: seconds,
  ownPeakBytes,
  treePeakBytes: 2 * ownPeakBytes,
  bytes: 5e8,
});
const results: Results = {
  machine: { processor: '2 × of them' },
  runs: [
    {
      server: 17,
      databaseMb: 930,
      stagingMb: 1100,
      s3: true,
      compression: 'zstd:1',
      samples: {
        ours: [sample(10), sample(9), sample(30)],
        documented: [sample(90), sample(100), sample(95)],
        floor: [sample(8)],
      },
    },
    {
      server: 15,
      databaseMb: 930,
      stagingMb: 1100,
      s3: true,
      compression: 'gzip:1',
      samples: { ours: [sample(20, 130e6)], documented: [sample(60)], floor: [sample(19)] },
    },
  ],
};
const goal = (what: string, of = results) => goalsOf(of).find((each) => each.what.startsWith(what))!;

it('a median is the middle, or between the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([5])]).toEqual([2, 2.5, 5]);
  expect(() => median([])).toThrow(RangeError);
});

it('a ratio with one side missing is none', () => {
  expect([ratio(1, 4), ratio(undefined, 4), ratio(1, undefined), ratio(1, 0)]).toEqual([
    0.25,
    undefined,
    undefined,
    undefined,
  ]);
});

it('shares are written by their whole', () => {
  expect([share(1 / 8), share(1 / 9.52), share(1.5)]).toEqual(['1/8', '1/9.5', '1.50 ×']);
});

it('goals are held against medians of time, the most of memory, and the worse of the servers', () => {
  expect(goal('The run of a Sunday with S3, PostgreSQL 17').measured).toBeCloseTo(10 / 95);
  expect(goal('The same, PostgreSQL 15').measured).toBeCloseTo(1 / 3);
  expect(goal('The run of a Sunday with S3, by the floor').measured).toBeCloseTo(1.25);
  expect(goal('Peak memory of Node').measured).toBe(130e6);
  expect(goal('`serve`, idle').measured).toBeUndefined();
});

it('a run without S3 is no answer to goals about S3', () => {
  const local = { ...results, runs: results.runs!.map((contest) => ({ ...contest, s3: false })) };
  expect(goal('The run of a Sunday with S3, by the floor', local).measured).toBeUndefined();
});

it('the document gets what was measured between its markers, and keeps the rest', () => {
  const document =
    'a\n<!-- bench:runs -->\nold\n<!-- /bench:runs -->\nb\n<!-- bench:idle -->\nkept\n<!-- /bench:idle -->\n';
  const written = filled(document, sectionsOf(results));
  expect(written).toContain('b\n<!-- bench:idle -->\nkept\n<!-- /bench:idle -->\n');
  expect(written).toContain(
    '| PostgreSQL 17 | documented | 95.00 | 95.00 | 100 MB | 200 MB | 500 MB | 1/9.5 |',
  );
  expect(written).not.toContain('old');
  expect(filled(written, sectionsOf(results))).toBe(written);
});

it('what was measured again replaces what it was, and nothing else', () => {
  const [seventeen, fifteen] = results.runs!;
  const again = { ...fifteen!, samples: { ours: [sample(7)] } };
  expect(merged(results, { machine: { processor: 'another' }, runs: [again] })).toEqual({
    machine: { processor: 'another' },
    runs: [seventeen, again],
  });
});

it('plots are well-formed, name everything, and keep their text inside', () => {
  const svg = svgOf(plotsOf(results)['runs']!);
  expect(svg).toContain('PostgreSQL 15');
  expect(svg.match(/<rect class="s\d" x="190"/g)).toHaveLength(6);
  const width = Number(/viewBox="0 0 (\d+)/.exec(svg)![1]);
  for (const [, x, anchor, content] of svg.matchAll(
    /<text x="([\d.]+)" y="[\d.]+" text-anchor="(\w+)">([^<]*)/g,
  )) {
    const length = content!.length * 7;
    const left = Number(x) - (anchor === 'end' ? length : anchor === 'middle' ? length / 2 : 0);
    expect([left >= 0, left + length <= width], content).toEqual([true, true]);
  }
  expect(
    svgOf({
      title: 'a < b',
      unit: 's',
      labels: ['none & nothing'],
      series: [{ name: 'x', colour: 0, values: [undefined] }],
    }),
  ).toMatch(/a &lt; b.*none &amp; nothing.*–/s);
});

it('the moment of the runs is the last Sunday that has begun', () => {
  expect(lastSunday(new Date('2026-11-28T19:00:00Z')).toISOString()).toBe('2026-11-22T02:00:00.000Z');
  expect(lastSunday(new Date('2026-11-22T01:00:00Z')).toISOString()).toBe('2026-11-22T02:00:00.000Z');
});

it('one part is measured at a time, and lists leave out noughts', () => {
  expect(() => readArguments(['--idle', '--growth'])).toThrow('one of them at a time: --growth, --idle');
  expect(readArguments(['--growth', '--sizes', '0', '--sets', '10,20', '--no-s3'])).toMatchObject({
    part: 'growth',
    sizes: [],
    sets: [10, 20],
    s3: false,
  });
});
