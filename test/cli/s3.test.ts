import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { freshBucket, type TestBucket } from '../support/buckets.ts';
import type { RunningCli } from '../support/cli.ts';
import { startFaultProxy, type FaultProxy, type ProxiedRequest } from '../support/fault-proxy.ts';
import { namesOf, newOperator, type Operator } from '../support/operator.ts';
import { noFaketime } from '../support/faketime.ts';

const SUNDAY = '2026-11-22 02:00:00';
const MONDAY = '2026-11-23 02:00:00';
const RASTER_BYTES = 23_000_000;

let operator: Operator;
let bucket: TestBucket;
let proxy: FaultProxy;
let s3: Record<string, string>;

describe.skipIf(inject('gateway') === undefined)('copies in a bucket', () => {
  beforeEach(async () => {
    [operator, bucket] = await Promise.all([newOperator(), freshBucket()]);
    proxy = await startFaultProxy(bucket.endpoint);
    // Enough for an upload in several parts.
    await writeFile(join(operator.volume.staging, 'large.tif'), randomBytes(RASTER_BYTES));
    s3 = {
      BACKUP_S3_ENABLED: 'true',
      S3_ENDPOINT: proxy.endpoint,
      S3_BUCKET: bucket.name,
      S3_ACCESS_KEY_ID: bucket.accessKeyId,
      S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
      S3_REGION: '',
      S3_TIMEOUT_SECONDS: '2',
    };
  });

  it('are byte for byte what is on the volume, as another client finds them', async () => {
    const timestamp = await operator.goodRun({ env: s3 });
    const folder = await mkdtemp(join(tmpdir(), 'geolens-download-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const name of namesOf(operator.database.database, timestamp)) {
      await bucket.download(`backups/daily/${name}`, join(folder, name));
      expect(digest(await readFile(join(folder, name))), name).toBe(
        digest(await readFile(operator.path('daily', name))),
      );
    }
    expect(await bucket.keys()).toEqual(
      (await operator.volume.everything()).map((name) => `backups/${name}`).sort(),
    );
  });

  it.skipIf(noFaketime !== undefined)('are made of a Sunday’s set without a second upload', async () => {
    const timestamp = await operator.goodRun({ env: s3, at: SUNDAY });
    const names = namesOf(operator.database.database, timestamp);
    expect(await bucket.keys()).toEqual(
      ['daily', 'weekly'].flatMap((tier) => names.map((name) => `backups/${tier}/${name}`)),
    );
    const sizes = await Promise.all(
      names.map(async (name) => (await readFile(operator.path('daily', name))).length),
    );
    expect(proxy.received('UploadPart') + proxy.received('PutObject')).toBe(
      sizes.reduce((sum, bytes) => sum + bytes, 0),
    );
    for (const name of names)
      expect(digest(await bucket.get(`backups/weekly/${name}`)), name).toBe(
        digest(await bucket.get(`backups/daily/${name}`)),
      );
  });

  it('are told by list, together with those on the volume', async () => {
    const timestamp = await operator.goodRun({ env: s3 });
    await operator.goodRun();
    const { stdout } = await operator.backup(['list'], { env: s3 });
    expect(stdout).toMatch(new RegExp(`^${timestamp} +daily +local, s3 `, 'm'));
    expect(stdout.match(/daily +local {2}/g)).toHaveLength(1);
    const remote = JSON.parse(
      (await operator.backup(['list', '--json', '--store', 's3'], { env: s3 })).stdout,
    ) as { timestamp: string; copies: { store: string }[] }[];
    expect(
      remote
        .filter((set) => set.timestamp === timestamp)
        .map(({ copies }) => copies.map(({ store }) => store)),
    ).toContainEqual(['s3']);
  });

  it('that are not to be had do not hide those on the volume: list shows these, says why, and exits 3', async () => {
    const timestamp = await operator.goodRun();
    proxy.fault({ when: () => true, do: { kind: 'status', status: 403, code: 'AccessDenied' } });
    const end = await operator.backup(['list'], { env: s3 });
    expect(end.code).toBe(3);
    expect(end.stdout).toContain(timestamp);
    expect(end.stderr).toMatch(/ListObjectsV2 failed \(AccessDenied, HTTP 403\)/);
    expect((await operator.backup(['list', '--store', 's3'], { env: s3 })).code).toBe(1);
  });

  it('are made up for: three runs without the store are partial and exit 3, the next one has all four sets there', async () => {
    proxy.fault({ when: () => true, do: { kind: 'reset' } });
    for (let run = 0; run < 3; run += 1) {
      const end = await operator.backup(['run'], { env: s3 });
      expect(end.code).toBe(3);
      expect(end.stderr).toContain(bucket.name);
    }
    expect(await operator.sets('daily')).toHaveLength(3);
    proxy.heal();
    await operator.goodRun({ env: s3 });
    expect(await bucket.keys()).toEqual(
      (await operator.volume.everything()).map((name) => `backups/${name}`).sort(),
    );
    expect((await bucket.keys()).filter((key) => key.includes('daily/manifest-'))).toHaveLength(4);
  });

  it('do not keep retention from working while the store is away', async () => {
    proxy.fault({ when: () => true, do: { kind: 'status', status: 403, code: 'AccessDenied' } });
    for (let run = 0; run < 3; run += 1)
      expect((await operator.backup(['run'], { env: { ...s3, BACKUP_RETENTION_DAILY: '2' } })).code).toBe(3);
    expect(await operator.sets('daily')).toHaveLength(2);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'are finished after %s in the middle of an upload, and no part is left',
    async (signal) => {
      proxy.fault({ when: thirdPart, do: { kind: 'hang' } });
      const run = operator.start(['run'], { env: { ...s3, S3_TIMEOUT_SECONDS: '60' } });
      await inMidUpload(run);
      await expect.poll(() => operator.sets('daily'), { timeout: 30_000 }).toHaveLength(1);
      await expectStopped(run, signal, 3);
      proxy.heal();
      const [first] = await operator.sets('daily');
      await operator.goodRun({ env: s3 });
      expect(await bucket.uploads()).toEqual([]);
      for (const name of namesOf(operator.database.database, first!)) {
        expect(digest(await bucket.get(`backups/daily/${name}`)), name).toBe(
          digest(await readFile(operator.path('daily', name))),
        );
      }
    },
  );

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'are none after %s in the middle of an upload of a set whose dump is still being made, and no part is left',
    async (signal) => {
      proxy.fault({ when: thirdPart, do: { kind: 'hang' } });
      const run = operator.start(['run'], {
        env: {
          ...s3,
          S3_TIMEOUT_SECONDS: '60',
          BACKUP_PG_BIN_DIR: await endlessDump(operator.database.binDir),
        },
      });
      await inMidUpload(run);
      await expectStopped(run, signal, 1);
      expect([await operator.sets('daily'), await bucket.keys()]).toEqual([[], []]);
      proxy.heal();
      await operator.goodRun({ env: s3 });
      expect(await bucket.uploads()).toEqual([]);
      expect(await bucket.keys()).toEqual(
        (await operator.volume.everything()).map((name) => `backups/${name}`).sort(),
      );
    },
  );

  it('leave alone what others upload there', async () => {
    await bucket.put('backups/daily/notes.txt', 'mine');
    await operator.goodRun({ env: s3 });
    expect((await bucket.get('backups/daily/notes.txt')).toString()).toBe('mine');
  });

  it('never bring a key into any output, whatever fails', async () => {
    for (const fault of [
      { kind: 'status', status: 403, code: 'SignatureDoesNotMatch', message: bucket.secretAccessKey },
      { kind: 'status', status: 403, code: 'InvalidAccessKeyId', message: bucket.accessKeyId },
      { kind: 'reset' },
    ] as const) {
      proxy.heal();
      proxy.fault({ when: () => true, do: fault });
      const end = await operator.backup(['run', '--json'], { env: { ...s3, LOG_LEVEL: 'debug' } });
      expect(end.code).toBe(3);
      for (const text of [end.stdout, end.stderr]) {
        expect(text).not.toContain(bucket.secretAccessKey);
        expect(text).not.toContain(bucket.accessKeyId);
      }
    }
  });

  it.skipIf(noFaketime !== undefined)(
    'arrive although the clock of this machine is off by days: the store’s answer tells the time',
    async () => {
      const end = await operator.backup(['run'], { env: s3, at: MONDAY });
      expect(end.code).toBe(0);
    },
  );
});

it.each([
  ['without a bucket', { S3_BUCKET: '' }, 'S3_BUCKET is not set'],
  ['with half a key pair', { S3_SECRET_ACCESS_KEY: '' }, 'S3_SECRET_ACCESS_KEY is not set'],
])(
  'copies that are asked for %s are a start error with exit 2, never a silent skip',
  async (_, change, problem) => {
    const operator = await newOperator();
    await mkdir(operator.volume.backups, { recursive: true });
    const env = {
      BACKUP_S3_ENABLED: 'true',
      S3_BUCKET: 'b',
      S3_ACCESS_KEY_ID: 'id',
      S3_SECRET_ACCESS_KEY: 'key-of-mine',
      ...change,
    };
    for (const command of ['run', 'serve', 'list']) {
      const end = await operator.backup([command], { env });
      expect(end.code).toBe(2);
      expect(end.stderr).toContain(problem);
      expect(end.stderr).not.toContain('key-of-mine');
    }
  },
);

/**
 * Stops a run that uploads: asked to, it leaves nothing of it; killed, it leaves parts, and no object that
 * would be taken for a set.
 */
async function expectStopped(run: RunningCli, signal: 'SIGKILL' | 'SIGTERM', code: number): Promise<void> {
  const began = performance.now();
  if (signal === 'SIGKILL') run.kill(signal);
  else run.signal(signal);
  const end = await run.end;
  expect(performance.now() - began).toBeLessThan(10_000);
  if (signal === 'SIGTERM') expect(end.code).toBe(code);
  expect(await bucket.uploads()).toHaveLength(signal === 'SIGTERM' ? 0 : 1);
  expect((await bucket.keys()).filter((key) => key.includes('manifest'))).toEqual([]);
}

const thirdPart = ({ operation, query }: ProxiedRequest): boolean =>
  operation === 'UploadPart' && query.get('partNumber') === '3';

/** The programs of a server, with a pg_dump that never comes to an end. */
async function endlessDump(binDir: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-programs-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of (await readdir(binDir)).filter((name) => name !== 'pg_dump'))
    await symlink(join(binDir, name), join(folder, name));
  await writeFile(
    join(folder, 'pg_dump'),
    `#!/bin/sh\ncase "$*" in *--version*) exec '${binDir}/pg_dump' --version;; esac\nexec sleep 600\n`,
    { mode: 0o755 },
  );
  return folder;
}

async function inMidUpload(run: RunningCli): Promise<void> {
  const ended = run.end.then(({ stderr }) => {
    throw new Error(`the run ended before its upload: ${stderr}`);
  });
  ended.catch(() => undefined);
  await Promise.race([
    ended,
    expect
      .poll(() => proxy.requests.filter(({ operation }) => operation === 'UploadPart').length, {
        timeout: 30_000,
        interval: 20,
      })
      .toBeGreaterThan(2),
  ]);
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
