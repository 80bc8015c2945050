import { describe, expect, it } from 'vitest';
import { weeksOf, type Day } from '../../src/status/page/calendar.ts';
import type { Past } from '../../src/status/history.ts';

const past = (at: string, change: Partial<Past> = {}): Past => ({
  at: new Date(at),
  state: 'complete',
  isRestoreTested: false,
  bytes: 1,
  milliseconds: 1,
  problem: undefined,
  ...change,
});
const NOW = new Date('2026-11-25T12:00:00Z'); // a Wednesday

function daysWith(history: readonly Past[], zone = 'UTC', now = NOW): readonly Day[] {
  return weeksOf({ history, now, zone, weeks: 3 }).flat();
}

describe('the weeks of the calendar', () => {
  it('begin on a Monday and end with the Sunday of the present one', () => {
    const weeks = weeksOf({ history: [], now: NOW, zone: 'UTC', weeks: 3 });
    expect(weeks.map((week) => [week[0]!.date, week[6]!.date])).toEqual([
      ['2026-11-09', '2026-11-15'],
      ['2026-11-16', '2026-11-22'],
      ['2026-11-23', '2026-11-29'],
    ]);
  });

  it('are as many when today is a Monday, and when it is a Sunday', () => {
    expect(daysWith([], 'UTC', new Date('2026-11-23T00:00:00Z')).at(-1)!.date).toBe('2026-11-29');
    expect(daysWith([], 'UTC', new Date('2026-11-29T23:59:59Z')).at(-1)!.date).toBe('2026-11-29');
  });

  it('say which days are still to come', () => {
    expect(
      daysWith([])
        .filter(({ isFuture }) => isFuture)
        .map(({ date }) => date),
    ).toEqual(['2026-11-26', '2026-11-27', '2026-11-28', '2026-11-29']);
  });

  it('have a run on the day that it was in the zone of the schedule', () => {
    const dayOf = (zone: string): string | undefined =>
      daysWith([past('2026-11-24T13:00:00Z')], zone).find(({ best }) => best !== undefined)?.date;
    expect([dayOf('UTC'), dayOf('Pacific/Auckland'), dayOf('Pacific/Honolulu')]).toEqual([
      '2026-11-24',
      '2026-11-25',
      '2026-11-24',
    ]);
  });

  it('keep every day through a change of the clocks', () => {
    const days = weeksOf({
      history: [],
      now: new Date('2026-11-01T12:00:00Z'),
      zone: 'America/New_York',
      weeks: 2,
    })
      .flat()
      .map(({ date }) => date);
    expect(new Set(days).size).toBe(14);
    expect(days.at(-1)).toBe('2026-11-01');
  });

  it('show the best of a day: a run that failed and was done again is a day with a set', () => {
    const day = daysWith([
      past('2026-11-24T02:00:00Z', { state: 'failed' }),
      past('2026-11-24T03:00:00Z'),
      past('2026-11-24T04:00:00Z', { state: 'suspicious' }),
    ]).find(({ date }) => date === '2026-11-24');
    expect(day).toMatchObject({ best: { state: 'complete' }, past: { length: 3 } });
  });

  it('show a set that is proven before one that is not', () => {
    const day = daysWith([
      past('2026-11-24T02:00:00Z'),
      past('2026-11-24T03:00:00Z', { isRestoreTested: true }),
    ]).find(({ date }) => date === '2026-11-24');
    expect(day?.best?.isRestoreTested).toBe(true);
  });
});
