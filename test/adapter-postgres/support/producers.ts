import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { DumpProducer, DumpSnapshot, TableRows } from '@geolens/backup-core';
import { readAll, sourceOf } from '@geolens/backup-core/testing';
import type { ConnectionSettings } from '../../../packages/adapter-postgres/src/connection/connection-settings.ts';
import {
  PgDumpProducer,
  type PgDumpProducerOptions,
} from '../../../packages/adapter-postgres/src/dump/pg-dump-producer.ts';

export const env = { PATH: process.env['PATH'] ?? '' };

export const never = new AbortController().signal;

/** A server, whoever started it, and one database of it. */
export interface Place extends Omit<ConnectionSettings, 'password'> {
  readonly binDir: string;
}

/**
 * A producer for the database, with the client programs of its server; `connection` overrides how it
 * connects.
 */
export function producerFor(
  { host, port, user, database, binDir }: Place,
  {
    connection = {},
    ...options
  }: Partial<Omit<PgDumpProducerOptions, 'connection'>> & {
    readonly connection?: Partial<ConnectionSettings>;
  } = {},
): PgDumpProducer {
  return new PgDumpProducer({
    binDir,
    env,
    ...options,
    connection: { host, port, user, database, ...connection },
  });
}

/** Works with a snapshot and closes it, however the work ends. */
export async function within<T>(
  producer: PgDumpProducer,
  work: (snapshot: DumpSnapshot, producer: DumpProducer) => Promise<T>,
): Promise<T> {
  const snapshot = await producer.snapshot({ signal: never });
  try {
    return await work(snapshot, producer);
  } finally {
    await snapshot.close();
  }
}

export interface Taken {
  readonly dump: Buffer;
  readonly globals: string;
  readonly globalsBytes: Buffer;
  readonly counts: readonly TableRows[];
}

/** Everything that a snapshot gives, made side by side as in a run. */
export async function everything(snapshot: DumpSnapshot, producer: DumpProducer): Promise<Taken> {
  const [dump, globalsBytes] = await Promise.all([readAll(snapshot.dump()), readAll(snapshot.globals()!)]);
  const { rows } = await producer.check(sourceOf(dump), { signal: never });
  return { dump, globals: globalsBytes.toString(), globalsBytes, counts: snapshot.rowCounts(rows).tables };
}

/** A file for the test that runs. */
export async function fileOf(content: Uint8Array | string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'file'), content);
  return join(folder, 'file');
}

/** Counts as lines, sorted; to be compared. */
export function linesOf(counts: readonly TableRows[]): readonly string[] {
  return counts.map(({ schema, table, rows }) => `${schema}|${table}|${rows}`).sort();
}
