import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { formatArtifactName, formatManifest, formatTimestamp, MANIFEST_SCHEMA_VERSION, type Manifest } from '@geolens/backup-core';
import type { Gateway } from '../test/support/gateway.ts';

const BIN = fileURLToPath(new URL('../packages/runner/bin/geolens-backup.js', import.meta.url));
const BUCKET = 'list';
const TABLES = 30;
const PUTS_AT_ONCE = 24;

/** How long `list` takes over that many sets of four files, in seconds: the first time, and when it was asked before. */
export async function measureList(folder: string, count: number, gateway: Gateway | undefined): Promise<Record<string, readonly number[]>> {
  const root = join(folder, 'many');
  mkdirSync(join(root, 'daily'), { recursive: true });
  const files = Array.from({ length: count }, (_, index) => filesOf(new Date(Date.UTC(2000, 0, 1, 2) + index * 86_000_000))).flat();
  for (const [name, text] of files) writeFileSync(join(root, 'daily', name), text);
  const times: Record<string, readonly number[]> = { local: [1, 2, 3].map(() => seconds(root, 'local', {})) };
  if (gateway === undefined) return times;
  await fillBucket(gateway, files);
  const { endpoint, accessKeyId, secretAccessKey } = gateway;
  const s3 = { BACKUP_S3_ENABLED: 'true', S3_ENDPOINT: endpoint, S3_BUCKET: BUCKET, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey };
  return { ...times, s3: [1, 2, 3].map(() => seconds(root, 's3', s3)) };
}

function seconds(root: string, store: string, more: Record<string, string>): number {
  const env = { PATH: process.env['PATH'], DATABASE_URL: 'postgresql://nobody@localhost/geolens', BACKUP_DIR: root, NODE_OPTIONS: '--max-semi-space-size=1 --v8-pool-size=1', ...more };
  const began = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [BIN, 'list', '--store', store], { env, encoding: 'utf8', maxBuffer: Infinity });
  if (status !== 0) throw new Error(`geolens-backup list exited with ${status ?? 'a signal'}:\n${stderr}`);
  return (performance.now() - began) / 1000;
}

function filesOf(moment: Date): readonly (readonly [string, string])[] {
  const timestamp = formatTimestamp(moment);
  const names = { dump: formatArtifactName({ kind: 'dump', timestamp, database: 'geolens' }), staging: formatArtifactName({ kind: 'staging', timestamp }), globals: formatArtifactName({ kind: 'globals', timestamp }) };
  const at = moment.toISOString();
  const sha256 = '0'.repeat(64);
  const manifest: Manifest = {
    schemaVersion: MANIFEST_SCHEMA_VERSION, timestamp, toolVersion: '1', database: 'geolens', serverVersion: '17.0', clientVersion: '17.0',
    extensions: [{ name: 'postgis', version: '3.5' }], startedAt: at, finishedAt: at, tiers: ['daily'], warnings: [],
    artifacts: [
      { kind: 'globals', name: names.globals, bytes: 1, sha256 },
      { kind: 'staging', name: names.staging, bytes: 1, sha256, members: 10 },
      { kind: 'dump', name: names.dump, bytes: 1, sha256, compression: 'gzip:1', tableCount: TABLES, rowCounts: Array.from({ length: TABLES }, (_, table) => ({ schema: 'catalog', table: `table_number_${table}`, rows: table * 1000 })) },
    ],
    checks: { checksum: { ok: true, at }, readable: { ok: true, at } },
  };
  return [[names.globals, 'g'], [names.staging, 's'], [names.dump, 'd'], [formatArtifactName({ kind: 'manifest', timestamp }), formatManifest(manifest)]];
}

async function fillBucket({ endpoint, accessKeyId, secretAccessKey }: Gateway, files: readonly (readonly [string, string])[]): Promise<void> {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const queue = files.values();
  const writer = async (): Promise<void> => {
    for (const [name, text] of queue) await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `backups/daily/${name}`, Body: text }));
  };
  await Promise.all(Array.from({ length: PUTS_AT_ONCE }, writer));
  client.destroy();
}
