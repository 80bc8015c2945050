import { describe, expect, it } from 'vitest';
import { parseSchedule } from '../../src/index.ts';

const slots = (expression: string, zone: string, from: string, to: string): string[] =>
  parseSchedule(expression, zone)
    .between(new Date(from), new Date(to))
    .map((slot) => slot.toISOString().slice(0, 16));

describe('when the clock is put forward', () => {
  it('makes up for a skipped time as far after the gap, and only that day', () => {
    expect(slots('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00Z', '2026-03-31T00:00Z')).toEqual([
      '2026-03-28T01:30',
      '2026-03-29T01:30',
      '2026-03-30T00:30',
    ]);
  });

  it('runs once where the skipped time and a regular one fall together', () => {
    expect(slots('30 2,3 * * *', 'Europe/Berlin', '2026-03-29T00:00Z', '2026-03-29T12:00Z')).toEqual([
      '2026-03-29T01:30',
    ]);
  });

  it('keeps an hourly schedule hourly', () => {
    expect(slots('0 * * * *', 'Europe/Berlin', '2026-03-28T23:30Z', '2026-03-29T03:30Z')).toEqual([
      '2026-03-29T00:00',
      '2026-03-29T01:00',
      '2026-03-29T02:00',
      '2026-03-29T03:00',
    ]);
  });

  it('finds a midnight that does not exist, in Santiago', () => {
    expect(slots('0 0 * * *', 'America/Santiago', '2026-09-05T00:00Z', '2026-09-07T12:00Z')).toEqual([
      '2026-09-05T04:00',
      '2026-09-06T04:00',
      '2026-09-07T03:00',
    ]);
  });

  it('shifts by half an hour on Lord Howe', () => {
    expect(slots('10 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00Z', '2026-10-04T12:00Z')).toEqual([
      '2026-10-03T15:40',
    ]);
  });

  it('loses no run when Samoa skips a whole day, and makes none twice', () => {
    expect(slots('0 2 * * *', 'Pacific/Apia', '2011-12-28T00:00Z', '2012-01-01T00:00Z')).toEqual([
      '2011-12-28T12:00',
      '2011-12-29T12:00',
      '2011-12-30T12:00',
      '2011-12-31T12:00',
    ]);
  });

  it('makes up for a day of the month that Samoa skipped', () => {
    expect(slots('0 2 30 * *', 'Pacific/Apia', '2011-12-20T00:00Z', '2012-01-10T00:00Z')).toEqual([
      '2011-12-30T12:00',
    ]);
  });
});

describe('when the clock is put back', () => {
  it.each([
    ['Europe/Berlin', '30 2 * * *', '2026-10-24T12:00Z', '2026-10-25T12:00Z', '2026-10-25T00:30'],
    ['America/New_York', '30 1 * * *', '2026-10-31T12:00Z', '2026-11-01T12:00Z', '2026-11-01T05:30'],
    ['Australia/Lord_Howe', '45 1 * * *', '2026-04-04T12:00Z', '2026-04-05T12:00Z', '2026-04-04T14:45'],
    ['Europe/Berlin', '30 0-23 * * 0', '2026-10-24T23:45Z', '2026-10-25T02:00Z', '2026-10-25T00:30'],
  ])('in %s, runs once for %s: at the first of two', (zone, expression, from, to, slot) => {
    expect(slots(expression, zone, from, to)[0]).toBe(slot);
    expect(
      slots(
        expression,
        zone,
        slot + 'Z',
        new Date(new Date(slot + 'Z').getTime() + 80 * 60_000).toISOString(),
      ),
    ).toEqual([]);
  });

  it('keeps an hourly schedule hourly', () => {
    expect(slots('0 * * * *', 'Europe/Berlin', '2026-10-24T23:30Z', '2026-10-25T02:30Z')).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
    ]);
  });
});
