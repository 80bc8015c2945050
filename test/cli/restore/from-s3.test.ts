import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { freshBucket, type TestBucket } from '../../support/buckets.ts';
import { anyCluster } from '../../support/clusters.ts';
import { startFaultProxy, type FaultProxy } from '../../support/fault-proxy.ts';
import { related } from './support/databases.ts';
import { newRestorer, type Restorer } from './support/restorer.ts';

describe.skipIf(inject('gateway') === undefined)('a restore from a bucket', () => {
  let restorer: Restorer;
  let bucket: TestBucket;
  let proxy: FaultProxy;
  let env: Record<string, string>;
  let dump: string;

  beforeEach(async () => {
    [restorer, bucket] = await Promise.all([
      newRestorer(anyCluster(), { content: 'geolens' }),
      freshBucket(),
    ]);
    proxy = await startFaultProxy(bucket.endpoint);
    const keys = { S3_ACCESS_KEY_ID: bucket.accessKeyId, S3_SECRET_ACCESS_KEY: bucket.secretAccessKey };
    env = {
      BACKUP_S3_ENABLED: 'true',
      S3_ENDPOINT: proxy.endpoint,
      S3_BUCKET: bucket.name,
      S3_TIMEOUT_SECONDS: '5',
      ...keys,
    };
    const timestamp = await restorer.goodRun({ env });
    dump = `${restorer.database.database}_${timestamp}.dump`;
    for (const name of await readdir(restorer.volume.backups))
      await rm(join(restorer.volume.backups, name), { recursive: true });
    await restorer.ask('DELETE FROM catalog.notes');
  });

  async function expectRestored(): Promise<void> {
    expect(await restorer.ask('SELECT count(*) FROM catalog.notes')).toBe('60');
    expect(await restorer.volume.everything()).toEqual([]);
  }

  it.each([[['--store', 's3']], [[]]])(
    'needs nothing on the volume, with %j, and leaves nothing there',
    async (args) => {
      const report = await restorer.goodRestore(['latest', ...args], { env });
      expect(report).toMatchObject({
        source: { label: expect.stringMatching(/^set \d{8}_\d{6} \(daily, s3\)$/) as unknown, dump },
      });
      await expectRestored();
    },
  );

  it('looks into the whole of it on a dry run, and leaves nothing', async () => {
    await restorer.goodRestore(['latest', '--dry-run'], { env });
    expect(await restorer.ask('SELECT count(*) FROM catalog.notes')).toBe('0');
    expect(await restorer.volume.everything()).toEqual([]);
  });

  it('goes on where a connection was reset in the middle of a download', async () => {
    proxy.fault({
      when: ({ operation, path }) => operation === 'GetObject' && path.endsWith('.dump'),
      times: 2,
      do: { kind: 'reset', afterBytes: 2_000_000 },
    });
    await restorer.goodRestore(['latest'], { env });
    expect(
      proxy.requests.filter(({ operation, path }) => operation === 'GetObject' && path.includes('.dump'))
        .length,
    ).toBeGreaterThan(2);
    await expectRestored();
  });

  it('is refused when an object is damaged, and leaves nothing', async () => {
    const key = `backups/daily/${dump}`;
    const content = await bucket.get(key);
    content[content.length >> 1]! ^= 1;
    await bucket.put(key, content);
    const end = await restorer.restore(['latest'], { env });
    expect(end.code, end.stderr).toBe(5);
    expect(end.stderr).toContain(dump);
    expect(await restorer.ask('SELECT count(*) FROM catalog.notes')).toBe('0');
    expect(await related(restorer.database)).toEqual([restorer.database.database]);
    expect(await restorer.volume.everything()).toEqual([]);
  });
});
