import fc from 'fast-check';
import { artifactKey, formatArtifactName, type ArtifactKey, type BackupSet, type Manifest, type StoredArtifact, type Tier } from '../../src/index.ts';
import { groupSets } from '../../src/sets/group-sets.ts';
import { at, manifestOf } from './manifests.ts';

/** What one run left in one tier. */
export interface Remains {
  readonly tier: Tier;
  readonly day: number;
  readonly databases: readonly string[];
  /** Of the first database: a right manifest, a wrong one, or none. */
  readonly manifest: 'good' | 'unreadable' | 'none';
  readonly staging: boolean;
}

export const remains: fc.Arbitrary<readonly Remains[]> = fc.uniqueArray(
  fc.record({
    tier: fc.constantFrom('daily' as const, 'weekly' as const),
    day: fc.integer({ min: 1, max: 28 }),
    databases: fc.subarray(['geolens', 'other', 'zoo']),
    manifest: fc.constantFrom('good' as const, 'good' as const, 'unreadable' as const, 'none' as const),
    staging: fc.boolean(),
  }),
  { maxLength: 24, selector: ({ tier, day }) => `${tier}${day}` },
);

export interface Listing {
  readonly files: readonly StoredArtifact[];
  readonly readings: ReadonlyMap<ArtifactKey, Manifest | Error>;
}

/** The files that were left, as a store lists them. */
export function listingOf(runs: readonly Remains[]): Listing {
  const files: StoredArtifact[] = [];
  const readings = new Map<ArtifactKey, Manifest | Error>();
  for (const { tier, day, databases, manifest, staging } of runs) {
    const timestamp = at(`202601${String(day).padStart(2, '0')}_020000`);
    const add = (name: string, bytes: number): void => void files.push({ key: artifactKey(tier, name), bytes });
    for (const database of databases) add(formatArtifactName({ kind: 'dump', timestamp, database }), 10);
    if (staging) add(formatArtifactName({ kind: 'staging', timestamp }), 5);
    if (manifest === 'none') continue;
    const key = artifactKey(tier, formatArtifactName({ kind: 'manifest', timestamp }));
    files.push({ key, bytes: 1 });
    readings.set(key, manifest === 'good' ? manifestOf(timestamp, databases[0] ?? 'geolens') : new Error('torn'));
  }
  return { files, readings };
}

/** The sets in a listing, without the files that were removed. */
export function setsIn({ files, readings }: Listing, removed: readonly ArtifactKey[] = []): readonly BackupSet[] {
  const left = files.filter(({ key }) => !removed.includes(key));
  return groupSets(left, new Map([...readings].filter(([key]) => !removed.includes(key))));
}
