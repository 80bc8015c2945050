import fc from 'fast-check';
import { describe, it, expect } from 'vitest';
import {
  keepNewest,
  planRetention,
  type BackupSet,
  type CheckResult,
  type RetentionPolicy,
} from '../../src/index.ts';
import { holds } from '../support/arbitraries.ts';
import { listingOf, setsIn } from '../support/sets.ts';

const AT = '2026-01-01T02:00:00.000Z';
const NOW = new Date('2026-03-01T00:00:00Z');
const RESULTS: Readonly<Record<string, CheckResult | undefined>> = {
  passed: { outcome: 'passed', at: AT },
  failed: { outcome: 'failed', at: AT },
  accepted: { outcome: 'failed', at: AT, acceptedAt: AT },
  untested: undefined,
};

/** The set of one day, with the result of its restore test. */
function setOf(day: number, tier: 'daily' | 'weekly', result: CheckResult | undefined): BackupSet {
  const remains = {
    tier,
    day,
    databases: ['geolens'],
    manifest: 'good',
    staging: true,
    state: false,
  } as const;
  return { ...setsIn(listingOf([remains]))[0]!, checks: { restoreTest: result } };
}

const results = fc.constantFrom(...Object.keys(RESULTS)).map((name) => RESULTS[name]);
const nothing: RetentionPolicy = {
  decide: (sets) => sets.map((set) => ({ set, keep: false, reason: 'any' })),
};
const policies = fc.oneof(
  fc.constant(nothing),
  fc
    .record({ daily: fc.integer({ min: 1, max: 4 }), weekly: fc.integer({ min: 1, max: 3 }) })
    .map(keepNewest),
);
const passing = (sets: readonly BackupSet[]): readonly BackupSet[] =>
  sets.filter(({ checks }) => checks.restoreTest?.outcome === 'passed');
const newestOf = (sets: readonly BackupSet[]): string =>
  sets
    .map(({ timestamp }) => timestamp)
    .sort()
    .at(-1) ?? '';

describe('the newest set whose restore test passed', () => {
  it('stays, whatever a policy decides, through all the days on which newer tests fail', () => {
    const days = fc.array(fc.record({ tiers: fc.constantFrom(1, 2), result: results, policy: policies }), {
      maxLength: 28,
    });
    holds(days, (all) => {
      let sets: readonly BackupSet[] = [];
      for (const [index, { tiers, result, policy }] of all.entries()) {
        // The weekly copy is made after the test, and was not tested itself.
        const made = [setOf(index + 1, 'daily', result), setOf(index + 1, 'weekly', undefined)].slice(
          0,
          tiers,
        );
        const before = [...made, ...sets];
        const { verdicts } = planRetention({ sets: before, policy, database: 'geolens', now: NOW });
        sets = verdicts.filter(({ keep }) => keep).map(({ set }) => set);
        const newest = newestOf(passing(before));
        const newerFailed = before.some(
          ({ timestamp, checks }) => timestamp > newest && checks.restoreTest?.outcome === 'failed',
        );
        if (newest !== '' && newerFailed) expect(newestOf(passing(sets))).toBe(newest);
      }
    });
  });

  it('takes no place, and goes once a newer one passes, or none is left that failed', () => {
    const kept = (sets: readonly BackupSet[]): string[] =>
      planRetention({ sets, policy: keepNewest({ daily: 2, weekly: 1 }), database: 'geolens', now: NOW })
        .verdicts.filter(({ keep }) => keep)
        .map(({ set }) => set.timestamp.slice(6, 8));
    const week = (...names: string[]): readonly BackupSet[] =>
      names.map((name, index) => setOf(index + 1, 'daily', RESULTS[name]));
    expect(kept(week('passed', 'passed', 'failed', 'failed', 'untested'))).toEqual(['05', '04', '02']);
    expect(kept(week('passed', 'accepted', 'untested', 'untested'))).toEqual(['04', '03', '01']);
    expect(kept(week('passed', 'failed', 'failed', 'passed'))).toEqual(['04', '03']);
    expect(kept(week('passed', 'untested', 'untested', 'untested'))).toEqual(['04', '03']);
  });

  it('is one that is still complete, of this database and not of the future', () => {
    const failed = [setOf(9, 'daily', RESULTS['failed']), setOf(8, 'daily', RESULTS['failed'])];
    const passed = setOf(2, 'daily', RESULTS['passed']);
    const gone = (change: Partial<BackupSet>): number =>
      planRetention({
        sets: [...failed, { ...passed, ...change }],
        policy: keepNewest({ daily: 2, weekly: 1 }),
        database: 'geolens',
        now: NOW,
      }).remove.length;
    expect(gone({})).toBe(0);
    expect(gone({ state: 'bad' })).toBeGreaterThan(0);
  });
});
