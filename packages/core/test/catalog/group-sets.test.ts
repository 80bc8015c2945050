import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  artifactKey,
  type ArtifactKey,
  type BackupSet,
  type Manifest,
  type StoredArtifact,
  type Tier,
} from '../../src/index.ts';
import { groupSets } from '../../src/catalog/group-sets.ts';
import { holds } from '../support/arbitraries.ts';
import { at, manifestOf } from '../support/manifests.ts';

const T = '20260101_020000';
const OWN = {
  [`geolens_${T}.dump`]: 10,
  [`staging-${T}.tar.gz`]: 5,
  [`globals-${T}.sql`]: 3,
  [`manifest-${T}.json`]: 1,
};

const listing = (files: Record<string, number>, tier: Tier = 'daily'): StoredArtifact[] =>
  Object.entries(files).map(([name, bytes]) => ({ key: artifactKey(tier, name), bytes }));
const read = (manifest: Manifest | Error, tier: Tier = 'daily'): Map<ArtifactKey, Manifest | Error> =>
  new Map([[artifactKey(tier, `manifest-${T}.json`), manifest]]);
const brief = ({ database, state, problems, artifacts }: BackupSet): object => ({
  database,
  state,
  problems,
  files: artifacts.length,
});

describe('the sets in a listing', () => {
  it('are complete with their manifest and all that it names', () => {
    const sets = groupSets(listing(OWN), read(manifestOf(at(T))));
    expect(sets.map(brief)).toEqual([{ database: 'geolens', state: 'complete', problems: [], files: 4 }]);
    expect(sets[0]).toMatchObject({ tier: 'daily', timestamp: T, manifest: { database: 'geolens' } });
  });

  it.each([[{ [`geolens_${T}.dump`]: 10 }], [{ [`geolens_${T}.dump`]: 10, [`staging-${T}.tar.gz`]: 5 }]])(
    'are legacy without manifest and globals: %j',
    (files) => {
      expect(groupSets(listing(files), new Map())).toMatchObject([
        { state: 'legacy', problems: [], manifest: undefined },
      ]);
    },
  );

  it('are legacy with globals that no run has written, with an archive or without', () => {
    const globals = artifactKey('daily', `globals-${T}.sql`);
    for (const files of [
      { [`geolens_${T}.dump`]: 10, [`globals-${T}.sql`]: 60 },
      { [`geolens_${T}.dump`]: 10, [`globals-${T}.sql`]: 60, [`staging-${T}.tar.gz`]: 5 },
    ]) {
      expect(groupSets(listing(files), new Map(), { foreign: new Set([globals]) }).map(brief)).toEqual([
        { database: 'geolens', state: 'legacy', problems: [], files: Object.keys(files).length },
      ]);
    }
  });

  it.each<[string, Record<string, number>, Manifest | Error | undefined, string]>([
    [
      'an artifact that the manifest names is missing',
      { [`geolens_${T}.dump`]: 10, [`manifest-${T}.json`]: 1 },
      manifestOf(at(T)),
      `staging-${T}.tar.gz is missing`,
    ],
    [
      'an artifact has another length',
      { ...OWN, [`geolens_${T}.dump`]: 9 },
      manifestOf(at(T)),
      `geolens_${T}.dump has 9 bytes, its manifest says 10`,
    ],
    ['the manifest cannot be read', OWN, new Error('torn page'), 'torn page'],
    [
      'the manifest is that of another run',
      OWN,
      manifestOf(at('20250101_020000')),
      'its manifest is that of 20250101_020000',
    ],
    [
      'there is a globals file and no manifest, so a promotion was cut off',
      { [`geolens_${T}.dump`]: 10, [`globals-${T}.sql`]: 3 },
      undefined,
      'there is no manifest',
    ],
    ['the dump is empty', { [`geolens_${T}.dump`]: 0 }, undefined, 'the dump is empty'],
    ['there is no dump', { [`staging-${T}.tar.gz`]: 5 }, undefined, 'there is no dump'],
  ])('are partial when %s', (_title, files, manifest, problem) => {
    const sets = groupSets(listing(files), manifest === undefined ? new Map() : read(manifest));
    expect(sets).toMatchObject([{ state: 'partial', problems: [problem] }]);
  });

  it('belong to the database that the manifest names; another dump of that second stands alone', () => {
    const sets = groupSets(listing({ ...OWN, [`other_${T}.dump`]: 7 }), read(manifestOf(at(T))));
    expect(sets.map(brief)).toEqual([
      { database: 'geolens', state: 'complete', problems: [], files: 4 },
      { database: 'other', state: 'legacy', problems: [], files: 1 },
    ]);
  });

  it('share companions that no manifest gives to one of them', () => {
    const sets = groupSets(
      listing({ [`a_${T}.dump`]: 1, [`b_${T}.dump`]: 1, [`staging-${T}.tar.gz`]: 5 }),
      new Map(),
    );
    expect(sets.map(brief)).toEqual([
      { database: 'a', state: 'legacy', problems: [], files: 2 },
      { database: 'b', state: 'legacy', problems: [], files: 2 },
    ]);
  });

  it('leave companions to the database of their manifest when its dump is gone', () => {
    const sets = groupSets(
      listing({ [`other_${T}.dump`]: 7, [`manifest-${T}.json`]: 1 }),
      read(manifestOf(at(T))),
    );
    expect(sets.map(({ database, state }) => [database, state])).toEqual([
      ['geolens', 'partial'],
      ['other', 'legacy'],
    ]);
  });

  it('never have a file that is not ours', () => {
    expect(
      groupSets(
        listing({ 'notes.txt': 1, 'geolens_2026.dump': 1, [`geolens_${T}.dump.part`]: 1, 'lost+found': 0 }),
        new Map(),
      ),
    ).toEqual([]);
  });

  it('of one run are two when they lie in two tiers', () => {
    const sets = groupSets([...listing(OWN, 'weekly'), ...listing(OWN)], read(manifestOf(at(T))));
    expect(sets.map(({ tier, state }) => [tier, state])).toEqual([
      ['daily', 'complete'],
      ['weekly', 'partial'],
    ]);
  });

  it('come newest first by the timestamp, not by the name', () => {
    const files = {
      'z_20240101_000000.dump': 1,
      'a_20260101_000000.dump': 1,
      'a_20270101_000000_20250101_000000.dump': 1,
    };
    expect(groupSets(listing(files), new Map()).map(({ timestamp }) => timestamp)).toEqual([
      '20260101_000000',
      '20250101_000000',
      '20240101_000000',
    ]);
  });

  it('are the same in whatever order the store lists', () => {
    const files = listing({
      ...OWN,
      [`other_${T}.dump`]: 1,
      'geolens_20250101_020000.dump': 1,
      'globals-20240101_020000.sql': 1,
      'x.txt': 1,
    });
    const sorted = (sets: readonly BackupSet[]): object[] =>
      sets.map((set) => ({
        ...set,
        artifacts: [...set.artifacts].sort((one, other) => (one.key < other.key ? -1 : 1)),
      }));
    const expected = sorted(groupSets(files, read(manifestOf(at(T)))));
    holds(fc.shuffledSubarray(files, { minLength: files.length }), (shuffled) => {
      expect(sorted(groupSets(shuffled, read(manifestOf(at(T)))))).toEqual(expected);
    });
  });
});
