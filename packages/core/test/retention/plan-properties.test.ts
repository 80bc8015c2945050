import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  keepNewest,
  planRetention,
  timestampToDate,
  type BackupSet,
  type RetentionPolicy,
} from '../../src/index.ts';
import { isRestorable } from '../../src/internal.ts';
import { holds } from '../support/arbitraries.ts';
import { doubtfulRemains, listingOf, remains, setsIn } from '../support/sets.ts';

const TIERS = ['daily', 'weekly'] as const;
const counts = fc.record({ daily: fc.integer({ min: 1, max: 6 }), weekly: fc.integer({ min: 1, max: 6 }) });
/** From the middle of the month: some sets lie in the future. */
const nows = fc.integer({ min: 10, max: 31 }).map((day) => new Date(`2026-01-${day}T12:00:00Z`));

/** A policy that says anything, or nothing, of each set. */
const randomPolicy: fc.Arbitrary<RetentionPolicy> = fc
  .func(fc.constantFrom('keep', 'remove', 'silence'))
  .map((choose) => ({
    decide: (sets) =>
      sets.flatMap((set) => {
        const choice = choose(set.timestamp);
        return choice === 'silence' ? [] : [{ set, keep: choice === 'keep', reason: 'dice' }];
      }),
  }));
const removeAll: RetentionPolicy = {
  decide: (sets) => sets.map((set) => ({ set, keep: false, reason: 'all must go' })),
};
const policies = fc.oneof(counts.map(keepNewest), randomPolicy, fc.constant(removeAll));

const everyRemains = fc.oneof(remains, doubtfulRemains);

const settings = { numRuns: 500 };
const keysOf = ({ artifacts, stateFile }: BackupSet): string[] => [
  ...artifacts.map(({ key }) => key),
  ...(stateFile === undefined ? [] : [stateFile.key]),
];

describe('a retention plan', () => {
  it('leaves, of each tier, as many restorable sets as may be kept, the newest, and the newest complete one', () => {
    holds(
      fc.tuple(remains, counts, nows),
      ([runs, keep, now]) => {
        const listing = listingOf(runs);
        const good = (sets: readonly BackupSet[], tier: string): BackupSet[] =>
          sets.filter(
            (set) =>
              set.tier === tier &&
              set.database === 'geolens' &&
              isRestorable(set) &&
              timestampToDate(set.timestamp) <= now,
          );
        const { remove } = planRetention({
          sets: setsIn(listing),
          policy: keepNewest(keep),
          database: 'geolens',
          now,
        });
        const left = setsIn(listing, remove);
        for (const tier of TIERS) {
          const before = good(setsIn(listing), tier);
          const newestComplete = before.find(({ state }) => state === 'complete');
          expect(good(left, tier)).toEqual(
            before.filter((set, place) => place < keep[tier] || set === newestComplete),
          );
        }
      },
      settings,
    );
  });

  it('never lets the newest complete set of a tier go, whatever a policy says', () => {
    holds(
      fc.tuple(everyRemains, policies, nows),
      ([runs, policy, now]) => {
        const listing = listingOf(runs);
        const newest = (sets: readonly BackupSet[], tier: string): BackupSet | undefined => {
          const ours = sets.filter(
            (set) => set.tier === tier && set.database === 'geolens' && timestampToDate(set.timestamp) <= now,
          );
          return ours.find(({ state }) => state === 'complete') ?? ours.find(isRestorable);
        };
        const { remove } = planRetention({ sets: setsIn(listing), policy, database: 'geolens', now });
        for (const tier of TIERS)
          expect(newest(setsIn(listing, remove), tier)).toEqual(newest(setsIn(listing), tier));
      },
      settings,
    );
  });

  it('touches neither sets of other databases nor sets of the future', () => {
    holds(
      fc.tuple(everyRemains, policies, nows),
      ([runs, policy, now]) => {
        const sets = setsIn(listingOf(runs));
        const foreign = sets.filter(
          ({ database, timestamp }) =>
            (database ?? 'geolens') !== 'geolens' || timestampToDate(timestamp) > now,
        );
        const { remove } = planRetention({ sets, policy, database: 'geolens', now });
        expect(foreign.flatMap(keysOf).filter((key) => (remove as string[]).includes(key))).toEqual([]);
      },
      settings,
    );
  });

  it('takes the artifacts of a set together, its manifest first and its state file last, but for those that a remaining set shares', () => {
    holds(
      fc.tuple(everyRemains, policies, nows),
      ([runs, policy, now]) => {
        const sets = setsIn(listingOf(runs));
        const { verdicts, remove } = planRetention({ sets, policy, database: 'geolens', now });
        expect(new Set(verdicts.map(({ set }) => set))).toEqual(new Set(sets));
        expect(new Set(remove).size).toBe(remove.length);
        const stays = new Set(verdicts.filter(({ keep }) => keep).flatMap(({ set }) => keysOf(set)));
        const goes = verdicts.filter(({ keep }) => !keep).flatMap(({ set }) => keysOf(set));
        expect([...remove].sort()).toEqual([...new Set(goes)].filter((key) => !stays.has(key)).sort());
        for (const { set } of verdicts.filter(({ keep }) => !keep)) {
          const order = (remove as readonly string[]).filter((key) => keysOf(set).includes(key));
          const manifest = order.findIndex((key) => key.includes('manifest-'));
          expect(manifest).toBeLessThanOrEqual(0);
          const state = order.findIndex((key) => key.includes('state-'));
          expect([-1, order.length - 1]).toContain(state);
        }
      },
      settings,
    );
  });

  it('has nothing left to do once it was applied', () => {
    holds(
      fc.tuple(everyRemains, counts, nows),
      ([runs, keep, now]) => {
        const listing = listingOf(runs);
        const plan = (sets: readonly BackupSet[]): readonly string[] =>
          planRetention({ sets, policy: keepNewest(keep), database: 'geolens', now }).remove;
        expect(plan(setsIn(listing, plan(setsIn(listing)) as never))).toEqual([]);
      },
      settings,
    );
  });

  it('is the same in whatever order the sets come', () => {
    const shuffled = everyRemains
      .map((runs) => setsIn(listingOf(runs)))
      .chain((sets) =>
        fc.tuple(fc.constant(sets), fc.shuffledSubarray([...sets], { minLength: sets.length })),
      );
    holds(
      fc.tuple(shuffled, counts, nows),
      ([[sets, other], keep, now]) => {
        const request = { policy: keepNewest(keep), database: 'geolens', now };
        expect(planRetention({ sets: other, ...request })).toEqual(planRetention({ sets, ...request }));
      },
      settings,
    );
  });

  it('gives every set one verdict with a reason, newest first', () => {
    holds(fc.tuple(everyRemains, policies, nows), ([runs, policy, now]) => {
      const { verdicts } = planRetention({ sets: setsIn(listingOf(runs)), policy, database: 'geolens', now });
      expect(verdicts.every(({ reason }) => reason !== '')).toBe(true);
      const timestamps = verdicts.map(({ set }) => set.timestamp);
      expect(timestamps).toEqual([...timestamps].sort().reverse());
    });
  });

  it('removes nothing while the newest set that is whole, of any tier and not of the future, is suspicious', () => {
    holds(
      fc.tuple(doubtfulRemains, policies, nows),
      ([runs, policy, now]) => {
        const sets = setsIn(listingOf(runs));
        const newest = sets.find(
          (set) =>
            set.database === 'geolens' &&
            timestampToDate(set.timestamp) <= now &&
            ['complete', 'suspicious'].includes(set.state),
        );
        const { verdicts, remove, suspendedBy } = planRetention({ sets, policy, database: 'geolens', now });
        if (newest?.state === 'suspicious') {
          expect(remove).toEqual([]);
          expect(verdicts.every(({ keep }) => keep)).toBe(true);
        }
        if (suspendedBy === undefined) expect(newest?.state).not.toBe('suspicious');
        else expect(suspendedBy).toMatchObject({ state: 'suspicious', timestamp: newest?.timestamp });
      },
      settings,
    );
  });

  it('removes, once the suspicious sets are accepted, what it would have removed had they never been suspicious', () => {
    holds(fc.tuple(doubtfulRemains, policies, nows), ([runs, policy, now]) => {
      const never = runs.map((run) =>
        run.manifest === 'suspicious' ? { ...run, manifest: 'good' as const } : run,
      );
      const listing = listingOf(runs);
      const accepted = {
        ...listing,
        readings: new Map(
          [...listing.readings].map(([key, reading]) => [
            key,
            reading instanceof Error
              ? reading
              : { ...reading, suspicion: undefined, acceptedAt: '2026-01-02T00:00:00.000Z' },
          ]),
        ),
      };
      const request = { policy, database: 'geolens', now };
      expect(planRetention({ sets: setsIn(accepted), ...request }).remove).toEqual(
        planRetention({ sets: setsIn(listingOf(never)), ...request }).remove,
      );
    });
  });
});
