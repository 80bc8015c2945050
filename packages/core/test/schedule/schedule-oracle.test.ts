import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../../src/index.ts';
import { holds } from '../support/arbitraries.ts';
import { cronExamples, TRANSITIONS } from '../support/cron-arbitraries.ts';
import { slotsByBruteForce } from '../support/cron-oracle.ts';

const HOUR = 3_600_000;

describe.each(TRANSITIONS)('a schedule in %s around %s', (zone, transition) => {
  const moment = new Date(transition).getTime();
  const spans = fc
    .tuple(fc.integer({ min: -50 * HOUR, max: 2 * HOUR }), fc.integer({ min: 1, max: 60 * HOUR }))
    .map(([offset, length]) => ({ from: moment + offset, to: moment + offset + length }));

  it('has the slots that a minute-by-minute look at the wall clock finds', () => {
    let found = 0;
    holds(
      fc.tuple(cronExamples, spans),
      ([{ text, meaning }, { from, to }]) => {
        const expected = slotsByBruteForce(meaning, zone, from, to);
        const schedule = parseSchedule(text, zone);
        const [start, end] = [new Date(from), new Date(to)];
        expect(schedule.between(start, end).map((slot) => slot.getTime())).toEqual(expected);
        if (expected.length === 0) return;
        found += 1;
        expect(schedule.next(start)?.getTime()).toBe(expected[0]);
        expect(schedule.previous(end)?.getTime()).toBe(expected.at(-1));
      },
      { numRuns: 60 },
    );
    expect(found).toBeGreaterThan(4);
  });

  it('goes from slot to slot without a step back, a step over or a stand-still', () => {
    holds(
      fc.tuple(cronExamples, spans),
      ([{ text }, { from }]) => {
        const schedule = parseSchedule(text, zone);
        let now = new Date(from);
        for (let step = 0; step < 5; step += 1) {
          const next = schedule.next(now);
          if (next === undefined) return;
          expect(next.getTime()).toBeGreaterThan(now.getTime());
          expect(schedule.previous(next)).toEqual(next);
          expect(schedule.between(now, next)).toEqual([next]);
          const before = schedule.previous(new Date(next.getTime() - 1));
          if (before !== undefined) expect(before.getTime()).toBeLessThanOrEqual(now.getTime());
          now = next;
        }
      },
      { numRuns: 8 },
    );
  });
});
