import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactKey, type BackupSet, type RunTimestamp, type SetState, type Tier } from '../../src/index.ts';
import { chooseSizeBaseline, type SizeBaseline } from '../../src/backup/size-baseline.ts';
import { holds } from '../support/arbitraries.ts';
import { at, manifestOf } from '../support/manifests.ts';

interface Former {
  readonly day: number;
  readonly tier?: Tier;
  readonly state?: SetState;
  readonly database?: string;
  readonly accepted?: boolean;
  /** The day of the accepted set before it. */
  readonly since?: number | undefined;
}

const timestampOf = (day: number): RunTimestamp => at(`202601${String(day).padStart(2, '0')}_020000`);
const dayOf = (timestamp: RunTimestamp): number => Number(timestamp.slice(6, 8));

function setOf({
  day,
  tier = 'daily',
  state = 'complete',
  database = 'geolens',
  accepted = false,
  since,
}: Former): BackupSet {
  const timestamp = timestampOf(day);
  const acceptance = since === undefined ? {} : { acceptedSince: timestampOf(since) };
  const artifacts = [
    { key: artifactKey(tier, `manifest-${timestamp}.json`), kind: 'manifest' as const, bytes: 1 },
  ];
  return {
    tier,
    timestamp,
    database,
    state,
    problems: [],
    artifacts,
    manifest: manifestOf(timestamp, database, acceptance),
    checks: {},
    acceptedAt: accepted ? '2026-02-01T00:00:00.000Z' : undefined,
  };
}

const choose = (former: readonly Former[], day = 31): SizeBaseline =>
  chooseSizeBaseline(former.map(setOf), { database: 'geolens', timestamp: timestampOf(day) });
const days = (former: readonly Former[], day?: number): number[] =>
  choose(former, day).former.map(({ timestamp }) => dayOf(timestamp));

describe('what a new set is measured by', () => {
  it('is the newest seven sets', () => {
    expect(days(Array.from({ length: 12 }, (_, index) => ({ day: index + 1 })))).toEqual([
      12, 11, 10, 9, 8, 7, 6,
    ]);
    expect(choose([])).toEqual({ former: [], acceptedSince: undefined });
  });

  it('is each set once, though it is in two tiers', () => {
    expect(days([{ day: 4 }, { day: 4, tier: 'weekly' }, { day: 3 }, { day: 1, tier: 'weekly' }])).toEqual([
      4, 3, 1,
    ]);
  });

  it('is complete, and of the same database', () => {
    const others = (['legacy', 'suspicious', 'bad', 'partial'] as const).map(
      (state, index): Former => ({ day: 10 + index, state }),
    );
    expect(days([...others, { day: 5 }, { day: 6, database: 'other' }])).toEqual([5]);
  });

  it('is not older than the newest that was accepted', () => {
    expect(
      days([{ day: 1 }, { day: 2, accepted: true }, { day: 3 }, { day: 4, accepted: true }, { day: 5 }]),
    ).toEqual([5, 4]);
    expect(days([{ day: 1 }, { day: 2 }, { day: 3, accepted: true }])).toEqual([3]);
  });

  it('is not older than an accepted one that is gone, as those after it say', () => {
    expect(
      days([
        { day: 1, tier: 'weekly' },
        { day: 9, since: 8 },
      ]),
    ).toEqual([9]);
    expect(
      choose([
        { day: 1, tier: 'weekly' },
        { day: 9, since: 8 },
      ]).acceptedSince,
    ).toBe(timestampOf(8));
    expect(
      days([{ day: 9, since: 2 }, { day: 6 }, { day: 5, accepted: true, since: 2 }, { day: 3, since: 2 }]),
    ).toEqual([9, 6, 5]);
  });

  it('is what was accepted while the clock was ahead, as long as that is there', () => {
    const former = [{ day: 30, accepted: true }, { day: 3 }];
    expect(days(former, 4)).toEqual([30]);
    expect(choose(former, 4).acceptedSince).toBeUndefined();
  });

  it('is never empty while there is a complete set, and the same in whatever order the sets come', () => {
    const formers = fc.uniqueArray(
      fc.record({
        day: fc.integer({ min: 1, max: 28 }),
        accepted: fc.boolean(),
        back: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
      }),
      { maxLength: 20, selector: ({ day }) => day },
    );
    holds(formers, (drawn) => {
      const former = drawn.map(({ day, accepted, back }) => ({
        day,
        accepted,
        since: back === undefined || back >= day ? undefined : day - back,
      }));
      const chosen = days(former);
      expect(days([...former].reverse())).toEqual(chosen);
      expect(days([...former, ...former.map((one) => ({ ...one, tier: 'weekly' as const }))])).toEqual(
        chosen,
      );
      expect(chosen.length > 0).toBe(former.length > 0);
      expect(chosen).toEqual([...new Set(chosen)].sort((one, other) => other - one));
      expect(chosen.length).toBeLessThanOrEqual(7);
    });
  });
});
