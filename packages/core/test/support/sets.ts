import fc from 'fast-check';
import {
  artifactKey,
  formatArtifactName,
  type ArtifactKey,
  type BackupSet,
  type Manifest,
  type StoredArtifact,
  type Tier,
} from '../../src/index.ts';
import { groupSets } from '../../src/catalog/group-sets.ts';
import { at, manifestOf } from './manifests.ts';

/** What one run left in one tier. */
export interface Remains {
  readonly tier: Tier;
  readonly day: number;
  readonly databases: readonly string[];
  /**
   * Of the first database: a right manifest, one that says the set is suspicious or bad, a wrong one, or
   * none.
   */
  readonly manifest: 'good' | 'suspicious' | 'bad' | 'suspicious and bad' | 'unreadable' | 'none';
  readonly staging: boolean;
  /** An empty state file. */
  readonly state: boolean;
}

const remainsWith = (...manifests: Remains['manifest'][]): fc.Arbitrary<readonly Remains[]> =>
  fc.uniqueArray(
    fc.record({
      tier: fc.constantFrom('daily' as const, 'weekly' as const),
      day: fc.integer({ min: 1, max: 28 }),
      databases: fc.subarray(['geolens', 'other', 'zoo']),
      manifest: fc.constantFrom(...manifests),
      staging: fc.boolean(),
      state: fc.boolean(),
    }),
    { maxLength: 24, selector: ({ tier, day }) => `${tier}${day}` },
  );

export const remains = remainsWith('good', 'good', 'unreadable', 'none');

/** Some of the sets suspicious, some bad. */
export const doubtfulRemains = remainsWith(
  'good',
  'good',
  'suspicious',
  'suspicious',
  'bad',
  'unreadable',
  'none',
);

const AT = '2026-01-01T02:00:00.000Z';
const WARNINGS: Partial<Record<Remains['manifest'], Partial<Manifest>>> = {
  suspicious: { suspicion: { reasons: ['it shrank'], at: AT } },
  bad: { checks: { checksum: { outcome: 'failed', at: AT } } },
  'suspicious and bad': {
    suspicion: { reasons: ['it shrank'], at: AT },
    checks: { checksum: { outcome: 'failed', at: AT } },
  },
};

export interface Listing {
  readonly files: readonly StoredArtifact[];
  readonly readings: ReadonlyMap<ArtifactKey, Manifest | Error>;
}

/** The files that were left, as a store lists them. */
export function listingOf(runs: readonly Remains[]): Listing {
  const files: StoredArtifact[] = [];
  const readings = new Map<ArtifactKey, Manifest | Error>();
  for (const { tier, day, databases, manifest, staging, state } of runs) {
    const timestamp = at(`202601${String(day).padStart(2, '0')}_020000`);
    const add = (name: string, bytes: number): void =>
      void files.push({ key: artifactKey(tier, name), bytes });
    for (const database of databases) add(formatArtifactName({ kind: 'dump', timestamp, database }), 10);
    if (staging) add(formatArtifactName({ kind: 'staging', timestamp }), 5);
    if (state) add(formatArtifactName({ kind: 'state', timestamp }), 2);
    if (manifest === 'none') continue;
    const key = artifactKey(tier, formatArtifactName({ kind: 'manifest', timestamp }));
    files.push({ key, bytes: 1 });
    readings.set(
      key,
      manifest === 'unreadable'
        ? new Error('torn')
        : manifestOf(timestamp, databases[0] ?? 'geolens', WARNINGS[manifest]),
    );
  }
  return { files, readings };
}

/** The sets in a listing, without the files that were removed. */
export function setsIn(
  { files, readings }: Listing,
  removed: readonly ArtifactKey[] = [],
): readonly BackupSet[] {
  const left = files.filter(({ key }) => !removed.includes(key));
  return groupSets(left, new Map([...readings].filter(([key]) => !removed.includes(key))));
}
