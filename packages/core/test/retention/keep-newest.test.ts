import { describe, expect, it } from 'vitest';
import { isBackupError, keepNewest, newestFirst, type BackupSet, type SetState } from '../../src/index.ts';
import { at } from '../support/manifests.ts';

const NOW = new Date('2026-02-01T00:00:00Z');

function setOf(day: number, state: SetState = 'complete'): BackupSet {
  const timestamp = at(`202601${String(day).padStart(2, '0')}_020000`);
  const problems = state === 'partial' ? ['there is no dump'] : [];
  return {
    tier: 'daily',
    timestamp,
    database: 'geolens',
    state,
    problems,
    artifacts: [],
    manifest: undefined,
    checks: {},
  };
}

const verdicts = (sets: readonly BackupSet[], daily: number): string[] =>
  keepNewest({ daily, weekly: 1 })
    .decide(sets, { tier: 'daily', now: NOW })
    .map(({ set, keep, reason }) => `${set.timestamp.slice(6, 8)} ${keep ? 'keep' : 'remove'}: ${reason}`);

describe('keeping the newest sets of a tier', () => {
  it('gives each place to a restorable set, from the newest, and says which', () => {
    expect(verdicts([setOf(1), setOf(5), setOf(3), setOf(4, 'legacy'), setOf(2)], 3)).toEqual([
      '05 keep: 1 of 3 in daily',
      '04 keep: 2 of 3 in daily',
      '03 keep: 3 of 3 in daily',
      '02 remove: older than the newest 3 of daily',
      '01 remove: older than the newest 3 of daily',
    ]);
  });

  it('gives a partial set no place, and lets it go once enough good ones are newer', () => {
    expect(
      verdicts([setOf(5, 'partial'), setOf(4), setOf(3, 'partial'), setOf(2), setOf(1, 'partial')], 2),
    ).toEqual([
      '05 keep: partial, fills no place: there is no dump',
      '04 keep: 1 of 2 in daily',
      '03 keep: partial, fills no place: there is no dump',
      '02 keep: 2 of 2 in daily',
      '01 remove: older than the newest 2 of daily',
    ]);
  });

  it('keeps everything while there are fewer than it may keep', () => {
    expect(verdicts([setOf(2), setOf(1)], 7).every((verdict) => verdict.includes('keep'))).toBe(true);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])('refuses to keep %s sets', (count) => {
    for (const counts of [
      { daily: count, weekly: 4 },
      { daily: 7, weekly: count },
    ]) {
      try {
        keepNewest(counts);
        expect.unreachable();
      } catch (error) {
        expect(isBackupError(error, 'CONFIG_INVALID')).toBe(true);
        expect((error as Error).message).toContain(`cannot keep ${count}`);
      }
    }
  });

  it('does not change the list that it is given', () => {
    const sets = [setOf(1), setOf(2)];
    verdicts(sets, 1);
    expect(sets.map(({ timestamp }) => timestamp.slice(6, 8))).toEqual(['01', '02']);
    expect([...sets].sort(newestFirst)[0]).toBe(sets[1]);
  });
});
