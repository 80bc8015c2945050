import {
  formatArtifactName,
  MANIFEST_SCHEMA_VERSION,
  parseTimestamp,
  type Manifest,
  type RunTimestamp,
} from '../../src/index.ts';

export const at = (text: string): RunTimestamp => {
  const timestamp = parseTimestamp(text);
  if (timestamp === undefined) throw new Error(`${text} is no timestamp`);
  return timestamp;
};

/** A manifest that is right in every field, with a dump of ten bytes and a staging archive of five. */
export function manifestOf(
  timestamp: RunTimestamp,
  database = 'geolens',
  change: Partial<Manifest> = {},
): Manifest {
  return {
    schemaVersion: MANIFEST_SCHEMA_VERSION,
    timestamp,
    toolVersion: '1.2.3',
    database,
    serverVersion: '17.2',
    clientVersion: '17.2',
    extensions: [{ name: 'postgis', version: '3.5.0' }],
    databaseProperties: {
      owner: 'app',
      encoding: 'UTF8',
      collate: 'C',
      ctype: 'C',
      localeProvider: 'icu',
      locale: 'de-CH',
    },
    startedAt: '2026-01-01T02:00:00.000Z',
    finishedAt: '2026-01-01T02:00:09.000Z',
    tiers: ['daily'],
    artifacts: [
      {
        kind: 'dump',
        name: formatArtifactName({ kind: 'dump', timestamp, database }),
        bytes: 10,
        sha256: 'a'.repeat(64),
        compression: 'zstd:1',
        tableCount: 1,
        rowCounts: [{ schema: 'catalog', table: 'datasets', rows: 3 }],
      },
      {
        kind: 'staging',
        name: formatArtifactName({ kind: 'staging', timestamp }),
        bytes: 5,
        sha256: 'b'.repeat(64),
        members: 2,
      },
    ],
    checks: { checksum: { outcome: 'passed', at: '2026-01-01T02:00:09.000Z' } },
    warnings: [],
    ...change,
  };
}
