import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseManifest, type Manifest, type TableRows } from '@geolens/backup-core';
import type { Cluster } from '../test/support/cluster.ts';
import { findPostgresPrograms } from '../test/support/postgres-programs.ts';
import { startCluster } from '../test/support/postgres-cluster.ts';

/*
 * Takes a backup through the real command, tests its restore, restores it into a second database and
 * compares the rows of every table. With DATABASE_URL set it backs up that database, which is only read; the
 * proof is still made in a throw-away server.
 */
const BIN = fileURLToPath(new URL('../packages/runner/bin/geolens-backup.js', import.meta.url));
const fixture = (name: string): string => fileURLToPath(new URL(`../test/fixtures/${name}`, import.meta.url));
const STAGING_MB = 40;
const PROOF = 'proof';

/** What `verify` says of a database that is newer than the server of this machine. */
const INCONCLUSIVE_HERE = 3;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const began = performance.now();
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const folder = mkdtempSync(join(tmpdir(), 'geolens-backup-demo-'));
let cluster: Cluster | undefined;
try {
  const theirs = process.env['DATABASE_URL'];
  cluster = await step('A throw-away PostgreSQL with PostGIS', async () => {
    const started = await startCluster(findPostgresPrograms()[0] ?? {});
    if (theirs === undefined) await fill(started);
    return started;
  });
  const env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    DATABASE_URL: theirs ?? cluster.url('geolens'),
    STAGING_DIR: process.env['STAGING_DIR'] ?? (theirs === undefined ? stagingFiles() : join(folder, 'none')),
    BACKUP_DIR: join(folder, 'backups'),
    LOG_LEVEL: 'warn',
  };
  mkdirSync(env.BACKUP_DIR);
  say('\n$ geolens-backup run');
  command('run', env);
  say('\n$ geolens-backup list');
  command('list', env);
  say('\n$ geolens-backup verify --restore');
  command('verify', env, '--restore');
  say('');
  const manifest = newestManifest(env.BACKUP_DIR);
  // Into the throw-away server in any case, beside whatever is there.
  say(`$ geolens-backup restore latest --into ${PROOF}`);
  command('restore', { ...env, DATABASE_URL: cluster.url(manifest.database) }, 'latest', '--into', PROOF);
  say('');
  process.exitCode = compare(manifest, await countRows(cluster, manifest));
} catch (error) {
  say(`\nThe demonstration failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
  say(`Everything was cleaned up again; ${seconds(began)} in all.`);
}

async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  const since = performance.now();
  const result = await work();
  say(`${title} (${seconds(since)})`);
  return result;
}

async function fill(target: Cluster): Promise<void> {
  await target.createDatabase('geolens');
  await target.psql('geolens', { file: fixture('geolens.sql') });
  await target.psql('geolens', { file: fixture('yardstick.sql'), variables: { mb: 20 } });
}

/** Files like those of an upload volume: rasters that do not compress, and text that does. */
function stagingFiles(): string {
  const staging = join(folder, 'staging');
  for (let index = 0; index < 8; index += 1) {
    const dataset = join(staging, 'uploads', `dataset-${index}`);
    mkdirSync(dataset, { recursive: true });
    writeFileSync(join(dataset, 'raster.tif'), randomBytes((STAGING_MB / 10) * 1_000_000));
    writeFileSync(
      join(dataset, 'source.geojson'),
      '{"type":"FeatureCollection","features":[]}\n'.repeat(20_000),
    );
  }
  return staging;
}

function command(name: string, env: Record<string, string | undefined>, ...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [BIN, name, ...args], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0 && status !== INCONCLUSIVE_HERE)
    throw new Error(`geolens-backup ${name} exited with ${status ?? 'a signal'}`);
}

function newestManifest(backups: string): Manifest {
  const daily = join(backups, 'daily');
  const name = readdirSync(daily).find((file) => file.startsWith('manifest-'));
  if (name === undefined) throw new Error(`there is no manifest in ${daily}`);
  return parseManifest(readFileSync(join(daily, name), 'utf8'));
}

async function countRows(target: Cluster, manifest: Manifest): Promise<readonly TableRows[]> {
  const counted: TableRows[] = [];
  for (const { schema, table } of rowsOf(manifest)) {
    const quoted = [schema, table].map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
    counted.push({
      schema,
      table,
      rows: Number(await target.psql(PROOF, `SELECT count(*) FROM ONLY ${quoted}`)),
    });
  }
  return counted;
}

function compare(manifest: Manifest, restored: readonly TableRows[]): 0 | 1 {
  const rows = rowsOf(manifest);
  const wrong = rows.filter((table, index) => table.rows !== restored[index]?.rows);
  const total = rows.reduce((sum, table) => sum + table.rows, 0);
  for (const { schema, table } of wrong)
    say(`  ${schema}.${table}: the restored table has other rows than the dump's snapshot`);
  if (wrong.length > 0) return 1;
  say(
    `Proof: ${rows.length} tables with ${total.toLocaleString('en-US')} rows, every table as it was in the snapshot of the dump`,
  );
  return 0;
}

function rowsOf(manifest: Manifest): readonly TableRows[] {
  return manifest.artifacts.find(({ kind }) => kind === 'dump')?.rowCounts ?? [];
}
