import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { journalName } from '../../packages/adapter-local/src/file-journal.ts';
import { freshBucket } from '../support/buckets.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { newOperator, type Operator } from '../support/operator.ts';
import { startSilentProxy, type SilentProxy } from '../support/silent-proxy.ts';
import { blockSnapshot, sessionsAreGone, waitsForLock } from './support/sessions.ts';

const LIMIT = { BACKUP_STALL_TIMEOUT: '4s' };
const MEGABYTE = 1_000_000;

/** An operator whose database has some ten megabytes, and a way to it that can go silent. */
async function scene(): Promise<{ operator: Operator; proxy: SilentProxy; env: Record<string, string> }> {
  const operator = await newOperator();
  const { database, host, port, url } = operator.database;
  await operator.database.query(
    'CREATE TABLE data.bulk AS SELECT n, md5(n::text) || md5((n + 1)::text) AS text FROM generate_series(1, 200000) n',
  );
  const proxy = await startSilentProxy(host, port);
  const user = /\/\/([^@]+)@/.exec(url)![1]!;
  const through = `postgresql://${user}@127.0.0.1:${proxy.port}/${database}?connect_timeout=2`;
  return { operator, proxy, env: { DATABASE_URL: through, ...LIMIT } };
}

async function lastRun(operator: Operator): Promise<{ outcome: string; error: string }> {
  const path = join(operator.volume.backups, journalName(operator.database.database));
  return (JSON.parse(await readFile(path, 'utf8')) as { lastRun: { outcome: string; error: string } })
    .lastRun;
}

describe('a server that goes silent', { timeout: 120_000 }, () => {
  it('in the middle of a dump ends the run, and the next one is good', async () => {
    const { operator, proxy, env } = await scene();
    proxy.silenceAfter(6 * MEGABYTE, 'server');
    const end = await operator.backup(['run'], { env });
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(
      new RegExp(
        `phase produce of the (dump|globals) from 127.0.0.1:${proxy.port}, .*stalled: no progress for 4 s`,
      ),
    );
    expect(end.stderr).toContain('raise BACKUP_STALL_TIMEOUT');
    expect(await operator.sets('daily')).toEqual([]);
    expect(await operator.volume.files('daily')).toEqual([]);
    await operator.goodRun({ env: LIMIT });
  });

  it('while the snapshot is taken ends the run', async () => {
    const { operator, proxy, env } = await scene();
    proxy.silenceAfter(5_000, 'server');
    const end = await operator.backup(['run'], { env });
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(/taking the snapshot .*stalled: no progress for 4 s/);
  });

  it('in the middle of a restore ends it, and leaves the database as it was', async () => {
    const { operator, proxy, env } = await scene();
    await operator.goodRun();
    await operator.database.query('CREATE TABLE data.later ()');
    proxy.silenceAfter(6 * MEGABYTE, 'client');
    const end = await operator.backup(['restore', 'latest', '--yes'], { env });
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(/the restore \(.*\) stalled: no progress for 4 s/);
    expect(await operator.database.query(`SELECT to_regclass('data.later') IS NOT NULL`)).toBe('t');
    expect((await operator.backup(['restore', 'latest', '--yes'], { env: LIMIT })).code).toBe(0);
  });
});

describe('a server that works in silence', { timeout: 120_000 }, () => {
  it('while a run waits for the lock of a table is no stall', async () => {
    const { operator, env } = await scene();
    const blocked = await blockSnapshot(operator.database);
    const run = operator.start(['run'], { env });
    await waitsForLock(operator.database, 'LOCK TABLE');
    await pause(8_000);
    await blocked.end();
    expect((await run.end).code).toBe(0);
    await sessionsAreGone(operator.database);
  });

  it('while it makes an index of a restore is no stall', async () => {
    const { operator, env } = await scene();
    await operator.database.query(
      `CREATE FUNCTION data.slow(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
         $$ BEGIN PERFORM pg_catalog.pg_sleep(2); RETURN n; END $$;
       CREATE TABLE data.few AS SELECT generate_series(1, 5) AS n;
       CREATE INDEX ON data.few (data.slow(n))`,
    );
    await operator.goodRun();
    const end = await operator.backup(['restore', 'latest', '--yes'], { env });
    expect(end.code, end.stderr).toBe(0);
  });
});

describe.skipIf(inject('gateway') === undefined)('a store that goes silent', { timeout: 120_000 }, () => {
  it('in the middle of an upload makes the run one without a copy', async () => {
    const operator = await newOperator();
    const bucket = await freshBucket();
    const proxy = await startFaultProxy(bucket.endpoint);
    proxy.fault({ when: ({ operation }) => operation === 'PutObject', do: { kind: 'hang' } });
    const end = await operator.backup(['run'], {
      env: {
        ...LIMIT,
        BACKUP_S3_ENABLED: 'true',
        S3_ENDPOINT: proxy.endpoint,
        S3_BUCKET: bucket.name,
        S3_ACCESS_KEY_ID: bucket.accessKeyId,
        S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
        S3_TIMEOUT_SECONDS: '3600',
      },
    });
    expect(end.code).toBe(3);
    expect(end.stderr).toMatch(/phase replicate of the \w+ to s3 stalled: no progress for 4 s/);
    expect(await operator.sets('daily')).toHaveLength(1);
    expect((await lastRun(operator)).error).toContain('stalled');
  });
});
