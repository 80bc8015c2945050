import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { onTestFinished } from 'vitest';
import { session } from '../../adapter-postgres/support/sessions.ts';
import { freshBucket, type TestBucket } from '../../support/buckets.ts';
import { clusters, freshDatabase, type TestDatabase } from '../../support/clusters.ts';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.ts';

/** What the sequences of a lane have in common, one after the other. */
export interface Lane {
  readonly database: TestDatabase;
  /** A session of the tests, in that database. */
  readonly client: pg.Client;
  readonly bucket: TestBucket;
  readonly proxy: FaultProxy;
  /** Holds the files to be archived, and a folder of sets for each sequence. */
  readonly folder: string;
  readonly staging: string;
}

/** A database of one table, a folder of two files, and a bucket. */
export async function openLane(number: number): Promise<Lane> {
  const bucket = await freshBucket();
  const proxy = await startFaultProxy(bucket.endpoint);
  const database = await freshDatabase(clusters()[number % clusters().length], { content: 'empty' });
  const client = await session(database);
  await client.query('CREATE TABLE places (id integer, name text)');
  const folder = await mkdtemp(join(tmpdir(), 'geolens-model-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const staging = join(folder, 'staging');
  await mkdir(staging);
  await writeFile(join(staging, 'raster.tif'), Buffer.alloc(20_000, 'raster'));
  await writeFile(join(staging, 'points.geojson'), '{}');
  return { database, client, bucket, proxy, folder, staging };
}

/** The table has so many rows from now on. */
export async function fill({ client }: Pick<Lane, 'client'>, rows: number): Promise<void> {
  await client.query('TRUNCATE places');
  await client.query('INSERT INTO places SELECT n, md5(n::text) FROM generate_series(1, $1::integer) n', [
    rows,
  ]);
}
