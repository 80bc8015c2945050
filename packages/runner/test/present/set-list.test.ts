import { describe, expect, it } from 'vitest';
import { retentionPlanJson, retentionPlanText } from '../../src/commands/prune.ts';
import { collectCopies, setListJson, setListText, type FoundSet } from '../../src/present/set-list.ts';
import { formatTimestamp, parseTimestamp } from '@geolens/backup-core';
import { MANIFEST, NOW, setOf } from '../support/sets.ts';

const text = (found: readonly FoundSet[], now = NOW): string => setListText(collectCopies(found), now);
const json = (found: readonly FoundSet[], now = NOW): readonly Record<string, unknown>[] => [
  ...setListJson(collectCopies(found), now),
];

const PAST = parseTimestamp('20261122_010000')!;
const FIRST = parseTimestamp('20261122_000000')!;

const FOUND = [
  { store: 'local', set: setOf() },
  {
    store: 'local',
    set: setOf({
      state: 'partial',
      problems: ['the dump is missing', 'x'],
      database: undefined,
      manifest: undefined,
      timestamp: PAST,
    }),
  },
  { store: 'local', set: setOf({ state: 'legacy', manifest: undefined, timestamp: FIRST }) },
];

describe('the list of sets', () => {
  it('says for a person what each is worth', () => {
    expect(text(FOUND)).toBe(
      [
        'SET              TIER   WHERE        AGE    SIZE   ROWS  DATABASE  VERIFIED             STATE',
        '20261122_020000  daily  local  1 h 0 min  5.0 kB  1,234  geolens   readable 59 min ago  complete',
        '20261122_010000  daily  local  2 h 0 min  5.0 kB      -  -         unverified           partial: the dump is missing; x',
        '20261122_000000  daily  local  3 h 0 min  5.0 kB      -  geolens   unverified           legacy',
        '',
      ].join('\n'),
    );
  });

  it('names the copies that are encrypted', () => {
    const manifest = { ...MANIFEST, encryption: { scheme: 'age', recipients: ['0123456789abcdef'] } };
    const damaged = setOf({ manifest, state: 'bad' });
    const copies = [
      { store: 'local', set: setOf() },
      { store: 's3', set: setOf({ manifest }) },
      { store: 's4', set: damaged },
    ];
    expect(text(copies)).toContain('  daily  local, s3 (encrypted), s4 (encrypted, bad)  ');
    expect(json(copies)).toMatchObject([
      { copies: [{ encryption: undefined }, { encryption: manifest.encryption }, {}] },
    ]);
  });

  it('has one line for a set and all its copies, and says of each copy that is worth less than the best what it is', () => {
    const lost = setOf({ state: 'partial', problems: ['the dump is missing'] });
    const copies = [
      { store: 'local', set: lost },
      { store: 's3', set: setOf() },
    ];
    expect(text(copies).split('\n')[1]).toBe(
      '20261122_020000  daily  s3, local (partial)  1 h 0 min  5.0 kB  1,234  geolens   readable 59 min ago  complete',
    );
    expect(
      text([
        { store: 'local', set: setOf() },
        { store: 's3', set: setOf() },
      ]),
    ).toContain('daily  local, s3  ');
    expect(json(copies)).toMatchObject([
      {
        state: 'complete',
        copies: [
          { store: 's3', state: 'complete', bytes: 5000 },
          { store: 'local', state: 'partial', problems: ['the dump is missing'] },
        ],
      },
    ]);
  });

  it('takes a copy that does not say whose it is for one of the set of that run, where there is but one', () => {
    const begun = {
      store: 's3',
      set: setOf({
        state: 'partial',
        problems: ['there is no dump'],
        database: undefined,
        manifest: undefined,
      }),
    };
    const [one, other] = [
      { store: 'local', set: setOf() },
      { store: 'local', set: setOf({ database: 'other' }) },
    ];
    expect(text([one, begun]).split('\n').slice(1)).toEqual([
      expect.stringContaining('daily  local, s3 (partial)  '),
      '',
    ]);
    expect(text([one, other, begun]).split('\n')).toHaveLength(5);
  });

  it('groups fifty thousand copies whose database is not known in the time of a listing', () => {
    const start = Date.UTC(2026, 0, 1);
    const found = Array.from({ length: 50_000 }, (_, index) => ({
      store: 's3',
      set: setOf({
        state: 'partial',
        database: undefined,
        manifest: undefined,
        timestamp: formatTimestamp(new Date(start + index * 60_000)),
      }),
    }));
    const began = performance.now();
    expect(collectCopies(found)).toHaveLength(found.length);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('says of a suspicious set why it is, and when one was accepted', () => {
    const suspicious = setOf({ state: 'suspicious', problems: ['it has 10 rows', 'its dump has 1 byte'] });
    const accepted = setOf({ acceptedAt: '2026-11-22T02:30:00.000Z' });
    expect(text([{ store: 'local', set: suspicious }])).toMatch(
      / readable 59 min ago +suspicious: it has 10 rows; its dump has 1 byte$/m,
    );
    expect(
      text([
        { store: 's3', set: suspicious },
        { store: 'local', set: accepted },
      ]),
    ).toMatch(/ local, s3 \(suspicious\) .* complete$/m);
    expect(json([{ store: 'local', set: suspicious }])).toMatchObject([
      { state: 'suspicious', problems: ['it has 10 rows', 'its dump has 1 byte'], acceptedAt: undefined },
    ]);
    expect(json([{ store: 'local', set: accepted }])).toMatchObject([
      { state: 'complete', acceptedAt: '2026-11-22T02:30:00.000Z' },
    ]);
  });

  it('has one row for a run whose tiers have the same, and one for each tier otherwise', () => {
    const [daily, weekly] = [setOf(), setOf({ tier: 'weekly', checks: {} })];
    const rows = (...found: FoundSet[]): string[] => text(found).trimEnd().split('\n').slice(1);
    const copies = [daily, weekly].map((set) => ({ store: 'local', set }));
    expect(rows(...copies)).toMatchObject([
      expect.stringMatching(/ daily, weekly +local .* readable 59 min ago /),
    ]);
    expect(rows(...copies, { store: 's3', set: weekly })).toHaveLength(2);
    expect(rows(copies[0]!, { store: 'local', set: { ...weekly, state: 'bad' } })).toHaveLength(2);
    expect(json(copies)).toHaveLength(2);
  });

  it('names a failed restore test, and the newest set that passed', () => {
    const at = '2026-11-22T02:30:00.000Z';
    const restoreTest = { outcome: 'failed', at, reason: 'the view a fails; the view b fails' } as const;
    const failed = { store: 'local', set: setOf({ checks: { restoreTest } }) };
    const other = setOf({
      timestamp: parseTimestamp('20261115_020000')!,
      checks: { restoreTest: { outcome: 'passed', at } },
    });
    const line = /^the restore test of set 20261122_020000 failed \(the view a fails\); (.*)$/m;
    expect(text([failed])).toMatch(/ complete: the restore test of this set failed \(the view a fails\)$/m);
    expect(line.exec(text([failed]))?.[1]).toBe('no set is known to have passed one');
    expect(line.exec(text([failed, { store: 's3', set: other }]))?.[1]).toBe(
      'the newest set that passed is 20261115_020000',
    );
    expect(text([{ store: 'local', set: other }])).not.toContain('failed');
  });

  it('says so when there is none', () => {
    expect(text([])).toBe('no sets yet\n');
    expect(json([])).toEqual([]);
  });

  it('tells the strongest check that was passed, and none that failed', () => {
    const verified = (checks: typeof MANIFEST.checks): string =>
      text([{ store: 's', set: setOf({ checks }) }]);
    const at = '2026-11-22T02:00:09Z';
    const [passed, failed] = [{ outcome: 'passed', at } as const, { outcome: 'failed', at } as const];
    expect(verified({ checksum: passed })).toContain('checksum');
    expect(verified({ checksum: passed, restoreTest: passed })).toContain('restored');
    expect(verified({ checksum: passed, content: failed })).toContain('checksum');
    expect(verified({ checksum: failed })).toContain('unverified');
  });

  it('has no age below zero for a set of the future', () => {
    const past = new Date('2020-01-01T00:00:00Z');
    expect(text(FOUND, past)).toContain(' 0 ms ');
    expect(json(FOUND, past)[0]).toMatchObject({ ageSeconds: 0 });
  });

  it('has plain numbers and moments for a machine', () => {
    expect(json(FOUND)[0]).toMatchObject({
      timestamp: '20261122_020000',
      time: '2026-11-22T02:00:00.000Z',
      tier: 'daily',
      database: 'geolens',
      state: 'complete',
      problems: [],
      bytes: 5000,
      ageSeconds: 3600,
      rows: 1234,
      checks: {
        checksum: { ok: true, at: '2026-11-22T02:00:09.000Z' },
        readable: { ok: true, at: '2026-11-22T02:00:09.000Z' },
      },
    });
    expect(JSON.parse(JSON.stringify(json(FOUND)[1]))).toMatchObject({
      state: 'partial',
      problems: ['the dump is missing', 'x'],
      checks: {},
    });
  });
});

describe('the retention plan', () => {
  const verdicts = [
    { set: setOf(), keep: true, reason: '1 of 7 in daily' },
    { set: setOf({ tier: 'weekly' }), keep: false, reason: 'older' },
  ];

  it('has a line with the reason for each set', () => {
    expect(retentionPlanText({ verdicts, remove: [], suspendedBy: undefined })).toBe(
      [
        'SET              TIER    VERDICT  REASON',
        '20261122_020000  daily   keep     1 of 7 in daily',
        '20261122_020000  weekly  remove   older',
        '',
      ].join('\n'),
    );
    expect(retentionPlanText({ verdicts: [], remove: [], suspendedBy: undefined })).toBe('no sets yet\n');
  });

  it('has the files to remove for a machine', () => {
    const [key] = setOf().artifacts.map((artifact) => artifact.key);
    expect(retentionPlanJson({ verdicts, remove: [key!], suspendedBy: undefined })).toEqual({
      verdicts: [
        {
          timestamp: '20261122_020000',
          tier: 'daily',
          database: 'geolens',
          state: 'complete',
          keep: true,
          reason: '1 of 7 in daily',
        },
        {
          timestamp: '20261122_020000',
          tier: 'weekly',
          database: 'geolens',
          state: 'complete',
          keep: false,
          reason: 'older',
        },
      ],
      remove: [key],
    });
    expect(
      retentionPlanJson({ verdicts: [], remove: [], suspendedBy: setOf({ state: 'suspicious' }) }),
    ).toEqual({ verdicts: [], remove: [], suspendedBy: '20261122_020000' });
  });
});
