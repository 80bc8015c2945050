import { describe, expect, it } from 'vitest';
import { parseTimestamp, timestampToDate } from '../../src/index.ts';
import { tiersOf } from '../../src/internal.ts';
import { holds, timestamps } from '../support/arbitraries.ts';

const tiers = (text: string): readonly string[] => tiersOf(parseTimestamp(text)!);

describe('the tiers of a run', () => {
  it.each([
    ['20260103_235959', ['daily']],
    ['20260104_000000', ['daily', 'weekly']],
    ['20260104_235959', ['daily', 'weekly']],
    ['20260105_000000', ['daily']],
  ])('of %s are %j: Sunday counts by UTC', (text, expected) => {
    expect(tiers(text)).toEqual(expected);
  });

  it('are daily for every run, weekly for one day in seven', () => {
    // The 4th of January 1970 was a Sunday.
    const sunday = (timestamp: Date): boolean =>
      (((Math.floor(timestamp.getTime() / 86_400_000) - 3) % 7) + 7) % 7 === 0;
    holds(timestamps, (timestamp) => {
      expect(tiersOf(timestamp)).toEqual(
        sunday(timestampToDate(timestamp)) ? ['daily', 'weekly'] : ['daily'],
      );
    });
  });
});
