import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import {
  formatArtifactName,
  formatTimestamp,
  MANIFEST_SCHEMA_VERSION,
  type Manifest,
} from '@geolens/backup-core';
import { formatManifest } from '@geolens/backup-core/internal';
import { s3Client, type Bucket } from './s3-client.ts';

const TABLES = 30;
const PUTS_AT_ONCE = 24;
/** A little less than a day. */
const APART_MS = 86_000_000;

export type SmallFile = readonly [name: string, text: string];

/**
 * The files of so many sets, four of each, one set a day, all long ago; the manifests are of the usual size.
 */
export function filesOfSets(count: number): readonly SmallFile[] {
  return Array.from({ length: count }, (_, index) =>
    filesOf(new Date(Date.UTC(1990, 0, 1, 2) + index * APART_MS)),
  ).flat();
}

export function fillVolume(root: string, files: readonly SmallFile[]): void {
  mkdirSync(join(root, 'daily'), { recursive: true });
  for (const [name, text] of files) writeFileSync(join(root, 'daily', name), text);
}

export async function fillBucket(bucket: Bucket, files: readonly SmallFile[]): Promise<void> {
  const client = s3Client(bucket);
  const queue = files.values();
  const writer = async (): Promise<void> => {
    for (const [name, text] of queue)
      await client.send(
        new PutObjectCommand({ Bucket: bucket.name, Key: `backups/daily/${name}`, Body: text }),
      );
  };
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, writer));
  client.destroy();
}

function filesOf(moment: Date): readonly SmallFile[] {
  const timestamp = formatTimestamp(moment);
  const names = {
    dump: formatArtifactName({ kind: 'dump', timestamp, database: 'geolens' }),
    staging: formatArtifactName({ kind: 'staging', timestamp }),
    globals: formatArtifactName({ kind: 'globals', timestamp }),
  };
  const at = moment.toISOString();
  const sha256 = '0'.repeat(64);
  const rowCounts = Array.from({ length: TABLES }, (_, table) => ({
    schema: 'catalog',
    table: `table_number_${table}`,
    rows: table * 1000,
  }));
  const manifest: Manifest = {
    schemaVersion: MANIFEST_SCHEMA_VERSION,
    timestamp,
    toolVersion: '1',
    database: 'geolens',
    serverVersion: '17.0',
    clientVersion: '17.0',
    extensions: [{ name: 'postgis', version: '3.5' }],
    startedAt: at,
    finishedAt: at,
    tiers: ['daily'],
    warnings: [],
    artifacts: [
      { kind: 'globals', name: names.globals, bytes: 1, sha256 },
      { kind: 'staging', name: names.staging, bytes: 1, sha256, members: 10 },
      {
        kind: 'dump',
        name: names.dump,
        bytes: 1,
        sha256,
        compression: 'gzip:1',
        tableCount: TABLES,
        rowCounts,
      },
    ],
    checks: { checksum: { outcome: 'passed', at }, content: { outcome: 'passed', at } },
  };
  return [
    [names.globals, 'g'],
    [names.staging, 's'],
    [names.dump, 'd'],
    [formatArtifactName({ kind: 'manifest', timestamp }), formatManifest(manifest)],
  ];
}
