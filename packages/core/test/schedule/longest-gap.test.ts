import { describe, expect, it } from 'vitest';
import { longestGap, parseSchedule } from '../../src/index.ts';
import { holds } from '../support/arbitraries.ts';
import { cronExamples } from '../support/cron-arbitraries.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const FROM = new Date('2026-11-25T12:34:56Z');

describe('the longest gap of a schedule', () => {
  it.each([
    ['* * * * *', 1],
    ['*/15 * * * *', 15],
    ['0,10,30 * * * *', 30],
    ['7 * * * *', 60],
    ['0 2 * * *', 24 * 60],
    ['30 1,13 * * *', 12 * 60],
    ['0 8-18 * * 1-5', 62 * 60],
    ['* 8-17 * * *', 14 * 60 + 1],
    ['* * 1 * *', 30 * 24 * 60 + 1],
    ['0 2 * * 0', 7 * 24 * 60],
    ['@monthly', 31 * 24 * 60],
    ['@yearly', 366 * 24 * 60],
    ['0 0 29 2 *', 1461 * 24 * 60],
  ])('%s is %d minutes', (expression, minutes) => {
    expect(longestGap({ expression, zone: 'UTC' }, FROM)).toBe(minutes * MINUTE_MS);
  });

  it('of a day is an hour longer where the clock is set back', () => {
    expect(longestGap({ expression: '0 2 * * *', zone: 'Europe/Berlin' }, FROM)).toBe(25 * 60 * MINUTE_MS);
  });

  it('is as long as every gap there is, and as one of them', () => {
    holds(
      cronExamples,
      ({ text }) => {
        const slots = parseSchedule(text).between(FROM, new Date(FROM.getTime() + 12 * DAY_MS));
        const gaps = slots.slice(1).map((slot, index) => slot.getTime() - slots[index]!.getTime());
        const longest = longestGap({ expression: text, zone: 'UTC' }, FROM);
        for (const gap of gaps) expect(gap).toBeLessThanOrEqual(longest!);
        if (longest !== undefined && longest <= DAY_MS) expect(gaps).toContain(longest);
      },
      { numRuns: 40 },
    );
  });
});
