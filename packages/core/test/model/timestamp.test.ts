import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTimestamp, parseTimestamp, timestampToDate } from '../../src/index.ts';
import { holds, moments, timestamps } from '../support/arbitraries.ts';

const wholeSecond = (moment: Date): number => Math.floor(moment.getTime() / 1000) * 1000;

describe('timestamps', () => {
  it('stand for the moment that they were made from, to the second', () => {
    holds(moments, (moment) => {
      expect(timestampToDate(formatTimestamp(moment)).getTime()).toBe(wholeSecond(moment));
    });
  });

  it('are read back as themselves', () => {
    holds(timestamps, (timestamp) => {
      expect(parseTimestamp(timestamp)).toBe(timestamp);
    });
  });

  it('sort as text in the order of time', () => {
    holds(fc.tuple(timestamps, timestamps), ([one, other]) => {
      expect(one < other).toBe(timestampToDate(one) < timestampToDate(other));
    });
  });

  it('are UTC, whatever the zone of the machine', () => {
    expect(formatTimestamp(new Date('2026-03-29T03:30:15.999+02:00'))).toBe('20260329_013015');
  });

  it.each([
    '',
    '20260101',
    '20260101_0200',
    '20260101-020000',
    '20260101_020000Z',
    '20260101_020000\n',
    ' 20260101_020000',
    '2026_0101020000',
  ])('are not %j', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  it.each([
    '20260231_000000',
    '20250229_000000',
    '20260001_000000',
    '20261301_000000',
    '20260100_000000',
    '20260101_240000',
    '20260101_006000',
    '20260101_000060',
  ])('are not %s, a moment that never comes', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });

  it('are the moments that the calendar has, and no others', () => {
    const numbers = fc.tuple(fc.nat(9999), fc.nat(14), fc.nat(33), fc.nat(25), fc.nat(61), fc.nat(61));
    holds(numbers, ([year, ...rest]) => {
      const [month, day, hour, minute, second] = rest.map((number) => String(number).padStart(2, '0'));
      const iso = `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
      const moment = new Date(iso);
      const exists = !Number.isNaN(moment.getTime()) && moment.toISOString() === iso;
      const text = iso.replaceAll(/[-:]|\.000Z/g, '').replace('T', '_');
      expect(parseTimestamp(text)).toBe(exists ? text : undefined);
    });
  });

  it('know the 29th of February of a leap year', () => {
    expect(parseTimestamp('20240229_000000')).toBe('20240229_000000');
  });

  it.each([new Date(Number.NaN), new Date('+010000-01-01T00:00:00Z'), new Date('-000001-01-01T00:00:00Z')])(
    'cannot be made of %s',
    (moment) => {
      expect(() => formatTimestamp(moment)).toThrow(RangeError);
    },
  );
});
