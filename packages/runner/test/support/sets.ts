import {
  artifactKey,
  formatArtifactName,
  parseTimestamp,
  type BackupSet,
  type Manifest,
  type RunReport,
} from '@geolens/backup-core';

export const NOW = new Date('2026-11-22T03:00:00Z');
const TIMESTAMP = parseTimestamp('20261122_020000')!;

export const MANIFEST: Manifest = {
  schemaVersion: 1,
  timestamp: TIMESTAMP,
  toolVersion: '1.2.3',
  database: 'geolens',
  serverVersion: '17.2',
  clientVersion: '17.2',
  extensions: [],
  startedAt: '2026-11-22T02:00:00.000Z',
  finishedAt: '2026-11-22T02:00:09.000Z',
  tiers: ['daily', 'weekly'],
  artifacts: [
    {
      kind: 'dump',
      name: formatArtifactName({ kind: 'dump', timestamp: TIMESTAMP, database: 'geolens' }),
      bytes: 4100,
      sha256: 'a'.repeat(64),
      tableCount: 2,
      rowCounts: [
        { schema: 'catalog', table: 'datasets', rows: 1200 },
        { schema: 'data', table: 'x', rows: 34 },
      ],
    },
    {
      kind: 'staging',
      name: formatArtifactName({ kind: 'staging', timestamp: TIMESTAMP }),
      bytes: 900,
      sha256: 'b'.repeat(64),
      members: 2,
    },
  ],
  checks: {
    checksum: { outcome: 'passed', at: '2026-11-22T02:00:09.000Z' },
    content: { outcome: 'passed', at: '2026-11-22T02:00:09.000Z' },
  },
  warnings: [],
};

/** A complete set of one hour ago, unless it is changed. */
export function setOf(change: Partial<BackupSet> = {}): BackupSet {
  const { manifest } = { manifest: MANIFEST, ...change };
  const artifacts = MANIFEST.artifacts.map(({ kind, name, bytes }) => ({
    kind,
    key: artifactKey('daily', name),
    bytes,
  }));
  return {
    tier: 'daily',
    timestamp: TIMESTAMP,
    database: 'geolens',
    state: 'complete',
    problems: [],
    artifacts,
    manifest,
    checks: manifest?.checks ?? {},
    ...change,
  };
}

/** The report of a run that made that set, unless it is changed. */
export function reportOf(change: Partial<RunReport> = {}): RunReport {
  return {
    outcome: 'succeeded',
    database: 'geolens',
    timestamp: TIMESTAMP,
    startedAt: new Date('2026-11-22T02:00:00Z'),
    finishedAt: new Date('2026-11-22T02:00:09Z'),
    manifest: MANIFEST,
    checks: MANIFEST.checks,
    previousRows: 1000,
    suspicion: undefined,
    phases: [],
    warnings: [],
    errors: [],
    restoreTest: undefined,
    replication: [],
    cleanedUp: [],
    removed: [],
    ...change,
  };
}
