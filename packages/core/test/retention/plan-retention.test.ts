import { describe, expect, it } from 'vitest';
import { keepNewest, planRetention, type RetentionPolicy } from '../../src/index.ts';
import { listingOf, setsIn, type Remains } from '../support/sets.ts';

const NOW = new Date('2026-01-20T12:00:00Z');
const good = (day: number, change: Partial<Remains> = {}): Remains => ({
  tier: 'daily',
  day,
  databases: ['geolens'],
  manifest: 'good',
  staging: true,
  state: false,
  ...change,
});

function table(runs: readonly Remains[], policy: RetentionPolicy): string[] {
  const { verdicts } = planRetention({
    sets: setsIn(listingOf(runs)),
    policy,
    database: 'geolens',
    now: NOW,
  });
  return verdicts.map(
    ({ set, keep, reason }) =>
      `${set.timestamp.slice(0, 8)} ${set.tier} ${set.state} ${keep ? 'keep' : 'remove'}: ${reason}`,
  );
}

describe('a retention plan, set by set', () => {
  it('tells of each set whether it stays, and why', () => {
    const runs = [
      good(25),
      good(19),
      good(18, { manifest: 'unreadable' }),
      good(18, { tier: 'weekly' }),
      good(17, { manifest: 'none' }),
      good(16, { databases: ['other'] }),
      good(15),
      good(11, { tier: 'weekly' }),
      good(10, { databases: [], manifest: 'none' }),
    ];
    expect(table(runs, keepNewest({ daily: 2, weekly: 1 }))).toEqual([
      '20260125 daily complete keep: its timestamp lies in the future',
      '20260119 daily complete keep: 1 of 2 in daily',
      '20260118 daily partial keep: partial, fills no place: torn',
      '20260118 weekly complete keep: 1 of 1 in weekly',
      '20260117 daily legacy keep: 2 of 2 in daily',
      '20260116 daily complete keep: of another database (other)',
      '20260115 daily complete remove: older than the newest 2 of daily',
      '20260111 weekly complete remove: older than the newest 1 of weekly',
      '20260110 daily partial remove: older than the newest 2 of daily',
    ]);
  });

  it('overrules a policy that would let the last good set go, and takes silence for yes', () => {
    const cruel: RetentionPolicy = {
      decide: (sets) =>
        sets
          .filter(({ timestamp }) => !timestamp.startsWith('20260113'))
          .map((set) => ({ set, keep: false, reason: 'cruel' })),
    };
    expect(table([good(15, { manifest: 'unreadable' }), good(14), good(13), good(12)], cruel)).toEqual([
      '20260115 daily partial remove: cruel',
      '20260114 daily complete keep: the newest good set, always kept',
      '20260113 daily complete keep: the policy says nothing of it',
      '20260112 daily complete remove: cruel',
    ]);
  });

  it('keeps the newest complete set even where a legacy one is newer', () => {
    const cruel: RetentionPolicy = {
      decide: (sets) => sets.map((set) => ({ set, keep: false, reason: 'cruel' })),
    };
    expect(table([good(15, { manifest: 'none' }), good(14)], cruel)).toEqual([
      '20260115 daily legacy remove: cruel',
      '20260114 daily complete keep: the newest good set, always kept',
    ]);
  });

  it('keeps everything while the newest set is suspicious, in either tier, and says so', () => {
    const reason =
      'but the newest set (20260119_020000) is suspicious: nothing is removed until it is accepted';
    expect(
      table(
        [
          good(19, { manifest: 'suspicious' }),
          good(19, { tier: 'weekly', manifest: 'suspicious' }),
          good(18),
          good(17),
          good(11, { tier: 'weekly' }),
          good(4, { tier: 'weekly' }),
        ],
        keepNewest({ daily: 1, weekly: 1 }),
      ),
    ).toEqual([
      '20260119 daily suspicious keep: suspicious, fills no place: it shrank',
      '20260119 weekly suspicious keep: suspicious, fills no place: it shrank',
      '20260118 daily complete keep: 1 of 1 in daily',
      `20260117 daily complete keep: older than the newest 1 of daily, ${reason}`,
      '20260111 weekly complete keep: 1 of 1 in weekly',
      `20260104 weekly complete keep: older than the newest 1 of weekly, ${reason}`,
    ]);
  });

  it.each<[string, readonly Remains[], boolean]>([
    [
      'only its weekly copy is suspicious still',
      [good(19), good(19, { tier: 'weekly', manifest: 'suspicious' })],
      true,
    ],
    ['a newer one is bad', [good(20, { manifest: 'bad' }), good(19, { manifest: 'suspicious' })], true],
    [
      'a newer one is partial',
      [good(20, { manifest: 'unreadable' }), good(19, { manifest: 'suspicious' })],
      true,
    ],
    [
      'a newer one is legacy, which nobody has judged',
      [good(20, { manifest: 'none' }), good(19, { manifest: 'suspicious' })],
      true,
    ],
    ['a newer one is of the future', [good(25), good(19, { manifest: 'suspicious' })], true],
    [
      'a newer one is of another database',
      [good(20, { databases: ['other'] }), good(19, { manifest: 'suspicious' })],
      true,
    ],
    ['a newer one is complete', [good(20), good(19, { manifest: 'suspicious' })], false],
    [
      'it is of another database',
      [good(20, { databases: ['other'], manifest: 'suspicious' }), good(19)],
      false,
    ],
    ['it is of the future', [good(25, { manifest: 'suspicious' }), good(19)], false],
    ['it was found bad as well', [good(20, { manifest: 'suspicious and bad' }), good(19)], true],
    ['it is bad and nothing else', [good(20, { manifest: 'bad' }), good(19)], false],
  ])('is suspended by a suspicious set, or not, when %s', (_title, newest, suspends) => {
    const sets = setsIn(listingOf([...newest, good(3), good(2), good(1)]));
    const { remove, suspendedBy } = planRetention({
      sets,
      policy: keepNewest({ daily: 1, weekly: 1 }),
      database: 'geolens',
      now: NOW,
    });
    expect([remove.length === 0, suspendedBy !== undefined]).toEqual([suspends, suspends]);
  });

  it('shows a policy neither other databases nor the future', () => {
    const seen: string[] = [];
    const curious: RetentionPolicy = {
      decide: (sets, { tier }) => {
        seen.push(...sets.map(({ timestamp }) => `${tier} ${timestamp.slice(6, 8)}`));
        return [];
      },
    };
    table([good(25), good(19), good(18, { databases: ['other'] }), good(11, { tier: 'weekly' })], curious);
    expect(seen).toEqual(['daily 19', 'weekly 11']);
  });

  it('leaves shared companions until the last set that has them goes', () => {
    const runs = [good(19), good(10, { databases: ['geolens', 'other'], manifest: 'none' })];
    const plan = (database: string): readonly string[] =>
      planRetention({
        sets: setsIn(listingOf(runs)),
        policy: keepNewest({ daily: 1, weekly: 1 }),
        database,
        now: NOW,
      }).remove;
    expect(plan('geolens')).toEqual(['daily/geolens_20260110_020000.dump']);
    expect(plan('other')).toEqual([]);
  });
});
