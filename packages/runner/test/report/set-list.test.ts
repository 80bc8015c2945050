import { describe, expect, it } from 'vitest';
import { retentionPlanJson, retentionPlanText } from '../../src/report/retention-plan.ts';
import { setListJson, setListText } from '../../src/report/set-list.ts';
import { MANIFEST, NOW, setOf } from '../support/sets.ts';

const FOUND = [
  { store: 'local', set: setOf() },
  { store: 'local', set: setOf({ state: 'partial', problems: ['the dump is missing', 'x'], database: undefined, manifest: undefined }) },
  { store: 'local', set: setOf({ state: 'legacy', manifest: undefined }) },
];

describe('the list of sets', () => {
  it('says for a person what each is worth', () => {
    expect(setListText(FOUND, NOW)).toBe(
      [
        'SET              TIER   STORE        AGE    SIZE   ROWS  DATABASE  VERIFIED    STATE',
        '20261122_020000  daily  local  1 h 0 min  5.0 kB  1,234  geolens   readable    complete',
        '20261122_020000  daily  local  1 h 0 min  5.0 kB      -  -         unverified  partial: the dump is missing; x',
        '20261122_020000  daily  local  1 h 0 min  5.0 kB      -  geolens   unverified  legacy',
        '',
      ].join('\n'),
    );
  });

  it('says so when there is none', () => {
    expect(setListText([], NOW)).toBe('no sets yet\n');
    expect(setListJson([], NOW)).toEqual([]);
  });

  it('tells the strongest check that was passed, and none that failed', () => {
    const verified = (checks: typeof MANIFEST.checks): string => setListText([{ store: 's', set: setOf({ manifest: { ...MANIFEST, checks } }) }], NOW);
    const at = '2026-11-22T02:00:09Z';
    expect(verified({ checksum: { ok: true, at } })).toContain('checksum');
    expect(verified({ checksum: { ok: true, at }, restored: { ok: true, at } })).toContain('restored');
    expect(verified({ checksum: { ok: true, at }, readable: { ok: false, at } })).toContain('checksum');
    expect(verified({ checksum: { ok: false, at } })).toContain('unverified');
  });

  it('has no age below zero for a set of the future', () => {
    const past = new Date('2020-01-01T00:00:00Z');
    expect(setListText(FOUND, past)).toContain(' 0 ms ');
    expect(setListJson(FOUND, past)[0]).toMatchObject({ ageSeconds: 0 });
  });

  it('has plain numbers and moments for a machine', () => {
    expect(setListJson(FOUND, NOW)[0]).toMatchObject({
      timestamp: '20261122_020000', time: '2026-11-22T02:00:00.000Z', tier: 'daily', store: 'local', database: 'geolens', state: 'complete',
      problems: [], bytes: 5000, ageSeconds: 3600, rows: 1234, checks: MANIFEST.checks,
    });
    expect(JSON.parse(JSON.stringify(setListJson(FOUND, NOW)[1]))).toMatchObject({ state: 'partial', problems: ['the dump is missing', 'x'], checks: {} });
  });
});

describe('the retention plan', () => {
  const verdicts = [{ set: setOf(), keep: true, reason: '1 of 7 in daily' }, { set: setOf({ tier: 'weekly' }), keep: false, reason: 'older' }];

  it('has a line with the reason for each set', () => {
    expect(retentionPlanText({ verdicts, remove: [] })).toBe(
      ['SET              TIER    VERDICT  REASON', '20261122_020000  daily   keep     1 of 7 in daily', '20261122_020000  weekly  remove   older', ''].join('\n'),
    );
    expect(retentionPlanText({ verdicts: [], remove: [] })).toBe('no sets yet\n');
  });

  it('has the files to remove for a machine', () => {
    const [key] = setOf().artifacts.map((artifact) => artifact.key);
    expect(retentionPlanJson({ verdicts, remove: [key!] })).toEqual({
      verdicts: [
        { timestamp: '20261122_020000', tier: 'daily', database: 'geolens', state: 'complete', keep: true, reason: '1 of 7 in daily' },
        { timestamp: '20261122_020000', tier: 'weekly', database: 'geolens', state: 'complete', keep: false, reason: 'older' },
      ],
      remove: [key],
    });
  });
});
