import { describe, expect, inject, it } from 'vitest';
import { errorText, isBackupError, type BackupError } from '@geolens/backup-core';
import { readAll, sourceOf } from '@geolens/backup-core/testing';
import { freshBucket, type TestBucket } from '../support/buckets.ts';
import { startFaultProxy, type FaultProxy, type FaultRule } from '../support/fault-proxy.ts';
import type { S3Operation } from '../support/s3-operation.ts';
import { randomSource, s3StoreOn } from './support/stores.ts';

const DUMP = 'daily/geolens_20260101_020000.dump';
const OBJECT = `backups/${DUMP}`;
const SMALL_BYTES = 300_000;
/** Three parts. */
const LARGE_BYTES = 12 * 1024 * 1024 + 5;

const on =
  (operation: S3Operation): FaultRule['when'] =>
  (request) =>
    request.operation === operation;

interface Scene {
  readonly bucket: TestBucket;
  readonly proxy: FaultProxy;
  readonly store: ReturnType<typeof s3StoreOn>;
}

async function scene(change: Parameters<typeof s3StoreOn>[1] = {}): Promise<Scene> {
  const bucket = await freshBucket();
  const proxy = await startFaultProxy(bucket.endpoint);
  return {
    bucket,
    proxy,
    store: s3StoreOn(bucket, { endpoint: proxy.endpoint, timeout: 1, attempts: 3, ...change }),
  };
}

async function failureOf(work: Promise<unknown>): Promise<BackupError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isBackupError(error)) throw new Error(`expected a BackupError, got ${String(error)}`);
  return error;
}

/** What may happen once on the way, and must not be noticed. */
const PASSING: readonly (readonly [string, readonly FaultRule[]])[] = [
  [
    'an upload in parts is answered with 500 when it begins',
    [
      {
        when: on('CreateMultipartUpload'),
        times: 1,
        do: { kind: 'status', status: 500, code: 'InternalError' },
      },
    ],
  ],
  [
    'a part is answered with 503 SlowDown, twice',
    [{ when: on('UploadPart'), times: 2, do: { kind: 'status', status: 503, code: 'SlowDown' } }],
  ],
  [
    'the connection is reset in the middle of a part',
    [{ when: on('UploadPart'), times: 1, do: { kind: 'reset', afterBytes: 1_000_000 } }],
  ],
  ['a part is changed on its way', [{ when: on('UploadPart'), times: 1, do: { kind: 'corrupt' } }]],
  [
    'the answer to the completion is lost',
    [{ when: on('CompleteMultipartUpload'), times: 1, do: { kind: 'swallow' } }],
  ],
  [
    'every answer to the completion is lost',
    [{ when: on('CompleteMultipartUpload'), do: { kind: 'swallow' } }],
  ],
  ['a part hangs longer than the time-out', [{ when: on('UploadPart'), times: 1, do: { kind: 'hang' } }]],
  [
    'the completion hangs longer than the time-out',
    [{ when: on('CompleteMultipartUpload'), times: 1, do: { kind: 'hang' } }],
  ],
  [
    'the object is said to have another ETag: it is read back',
    [{ when: on('HeadObject'), do: { kind: 'etag', etag: '"0123456789abcdef0123456789abcdef"' } }],
  ],
];

describe.skipIf(inject('gateway') === undefined)('an upload in parts', () => {
  it.each(PASSING)('succeeds although %s', async (_, rules) => {
    const { bucket, proxy, store } = await scene();
    for (const rule of rules) proxy.fault(rule);
    const source = randomSource(LARGE_BYTES);
    await store.put(DUMP, source);
    expect((await bucket.get(OBJECT)).equals(source.content)).toBe(true);
    expect(await bucket.uploads()).toEqual([]);
  });

  it.each([
    [
      'a part is refused',
      on('UploadPart'),
      { kind: 'status', status: 403, code: 'AccessDenied' },
      'STORE_FORBIDDEN',
    ],
    [
      'a part is answered with 503 each time',
      on('UploadPart'),
      { kind: 'status', status: 503, code: 'SlowDown' },
      'STORE_FAILED',
    ],
    ['a part is changed on its way each time', on('UploadPart'), { kind: 'corrupt' }, 'ARTIFACT_MISMATCH'],
    [
      'the completion is refused',
      on('CompleteMultipartUpload'),
      { kind: 'status', status: 403, code: 'AccessDenied' },
      'STORE_FORBIDDEN',
    ],
    [
      'a part’s ETag comes wrong, so that the completion names parts which are not there',
      on('UploadPart'),
      { kind: 'etag', etag: '"0123456789abcdef0123456789abcdef"' },
      'STORE_FAILED',
    ],
  ] as const)('fails and leaves neither object nor parts when %s', async (_, when, fault, code) => {
    const { bucket, proxy, store } = await scene();
    proxy.fault({ when, do: fault });
    expect((await failureOf(store.put(DUMP, randomSource(LARGE_BYTES)))).code).toBe(code);
    expect(await bucket.keys()).toEqual([]);
    expect(await bucket.uploads()).toEqual([]);
  });

  it('reports it when its parts could not be removed, and the next clean-up removes them', async () => {
    const { bucket, proxy, store } = await scene();
    proxy.fault({ when: on('UploadPart'), do: { kind: 'status', status: 403, code: 'AccessDenied' } });
    proxy.fault({
      when: on('AbortMultipartUpload'),
      do: { kind: 'status', status: 403, code: 'AccessDenied' },
    });
    const { message } = await failureOf(store.put(DUMP, randomSource(LARGE_BYTES)));
    expect(message).toMatch(/UploadPart failed.*could not be removed: .*AbortMultipartUpload failed/);
    expect(await bucket.uploads()).toEqual([OBJECT]);
    proxy.heal();
    expect(await store.cleanUp()).toEqual([DUMP]);
    expect(await bucket.uploads()).toEqual([]);
  });

  it('ends at once when it is stopped while a part hangs, and leaves no part', async () => {
    const { bucket, proxy, store } = await scene({ timeout: 60 });
    proxy.fault({ when: on('UploadPart'), do: { kind: 'hang' } });
    const stop = new AbortController();
    const put = failureOf(store.put(DUMP, randomSource(LARGE_BYTES), { signal: stop.signal }));
    await expect
      .poll(() => proxy.requests.some(({ operation }) => operation === 'UploadPart'), { timeout: 10_000 })
      .toBe(true);
    const began = performance.now();
    stop.abort();
    expect((await put).code).toBe('ABORTED');
    expect(performance.now() - began).toBeLessThan(5000);
    expect(await bucket.uploads()).toEqual([]);
  });

  it('sends nothing of what is there already and proves to be the same', async () => {
    const { bucket, proxy, store } = await scene();
    const source = randomSource(LARGE_BYTES);
    await store.put(DUMP, source);
    const sent = proxy.received('UploadPart');
    await store.put(DUMP, source);
    expect(proxy.received('UploadPart')).toBe(sent);
    await bucket.put(OBJECT, Buffer.alloc(LARGE_BYTES, 'x'));
    await store.put(DUMP, source);
    expect((await bucket.get(OBJECT)).equals(source.content)).toBe(true);
  });
});

describe.skipIf(inject('gateway') === undefined)('a small object', () => {
  it.each([
    ['500, then good', { kind: 'status', status: 500, code: 'InternalError' }, 1],
    ['503 SlowDown, then good', { kind: 'status', status: 503, code: 'SlowDown' }, 1],
    ['a reset connection, then good', { kind: 'reset' }, 1],
    ['a changed byte, then good', { kind: 'corrupt' }, 1],
    ['a lost answer, then good', { kind: 'swallow' }, 1],
    ['a hang, then good', { kind: 'hang' }, 1],
  ] as const)('arrives after %s', async (_, fault, times) => {
    const { bucket, proxy, store } = await scene();
    proxy.fault({ when: on('PutObject'), times, do: fault });
    const source = randomSource(SMALL_BYTES);
    await store.put(DUMP, source);
    expect((await bucket.get(OBJECT)).equals(source.content)).toBe(true);
  });

  it.each([
    ['put', 'PutObject', 's3:PutObject'],
    ['list', 'ListObjectsV2', 's3:ListBucket'],
  ] as const)(
    'is refused with 403 on %s: an error that names bucket, operation, the provider’s code and the right',
    async (_, operation, right) => {
      const { bucket, proxy, store } = await scene();
      proxy.fault({
        when: on(operation),
        do: { kind: 'status', status: 403, code: 'AccessDenied', message: 'Access Denied' },
      });
      const work = operation === 'PutObject' ? store.put(DUMP, randomSource(SMALL_BYTES)) : readAllOf(store);
      const error = await failureOf(work);
      const message = errorText(error);
      expect(error.code).toBe('STORE_FORBIDDEN');
      for (const part of [bucket.name, operation, 'AccessDenied', right]) expect(message).toContain(part);
      expect(message).not.toContain(bucket.secretAccessKey);
      expect(message).not.toContain(bucket.accessKeyId);
    },
  );

  it('is refused with wrong keys, an unknown bucket or a store that is not there: each says what to correct', async () => {
    const bucket = await freshBucket();
    const { stranger } = bucket;
    const put = (change: Partial<TestBucket>, settings = {}): Promise<BackupError> =>
      failureOf(s3StoreOn({ ...bucket, ...change }, { attempts: 1, ...settings }).put(DUMP, randomSource(9)));
    expect(await put({ secretAccessKey: 'wrong' })).toMatchObject({ code: 'STORE_FORBIDDEN' });
    expect(await put({ accessKeyId: 'NOBODY' })).toMatchObject({ code: 'STORE_FORBIDDEN' });
    expect(await put({ ...stranger })).toMatchObject({ code: 'STORE_FORBIDDEN' });
    expect(await put({ name: 'no-such-bucket' })).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { reason: 'bucket-missing' },
      hint: expect.stringContaining('Create the bucket') as string,
    });
    expect(await put({ endpoint: 'http://127.0.0.1:1' })).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { reason: 'endpoint-unreachable' },
      hint: expect.stringContaining('Check the endpoint') as string,
    });
    expect(await put({ endpoint: bucket.endpoint.replace('http:', 'https:') })).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      hint: expect.stringContaining('http') as string,
    });
  });
});

describe.skipIf(inject('gateway') === undefined)('reading', () => {
  it('goes on behind the last byte when the connection breaks, three times over', async () => {
    const { bucket, proxy, store } = await scene();
    const source = randomSource(LARGE_BYTES);
    await bucket.put(OBJECT, source.content);
    proxy.fault({ when: on('GetObject'), times: 3, do: { kind: 'reset', afterBytes: 2_000_000 } });
    expect((await readAll(store.read(DUMP))).equals(source.content)).toBe(true);
    expect(proxy.requests.filter(({ operation }) => operation === 'GetObject')).toHaveLength(4);
  });

  it('goes on behind the last byte when the bytes stop coming, and ends where they stop each time', async () => {
    const { bucket, proxy, store } = await scene();
    const source = randomSource(LARGE_BYTES);
    await bucket.put(OBJECT, source.content);
    proxy.fault({ when: on('GetObject'), times: 2, do: { kind: 'stall', afterBytes: 2_000_000 } });
    expect((await readAll(store.read(DUMP))).equals(source.content)).toBe(true);
    proxy.fault({ when: on('GetObject'), do: { kind: 'stall', afterBytes: 0 } });
    expect((await failureOf(readAll(store.read(DUMP)))).code).toBe('STORE_UNAVAILABLE');
  });

  it('ends at once when it is stopped while the store is silent', async () => {
    const { bucket, proxy, store } = await scene({ timeout: 60 });
    await bucket.put(OBJECT, 'x');
    proxy.fault({ when: on('GetObject'), do: { kind: 'hang' } });
    const stop = AbortSignal.timeout(300);
    expect((await failureOf(readAll(store.read(DUMP, undefined, { signal: stop })))).code).toBe('ABORTED');
  });
});

describe.skipIf(inject('gateway') === undefined)('a copy on the server', () => {
  it('of a large object is made in parts, and no byte comes by here', async () => {
    const { bucket, proxy, store } = await scene();
    const source = randomSource(LARGE_BYTES);
    await store.put(DUMP, source);
    const sent = proxy.received('UploadPart') + proxy.received('PutObject');
    await store.copy(DUMP, 'weekly/geolens_20260101_020000.dump');
    expect(proxy.requests.filter(({ operation }) => operation === 'UploadPartCopy')).toHaveLength(3);
    expect(proxy.received('UploadPart') + proxy.received('PutObject')).toBe(sent);
    expect((await bucket.get('backups/weekly/geolens_20260101_020000.dump')).equals(source.content)).toBe(
      true,
    );
  });
});

describe.skipIf(inject('gateway') === undefined)('other people’s things below the prefix', () => {
  it('are neither listed nor cleaned up nor removed', async () => {
    const { bucket, store } = await scene();
    await bucket.put('backups/daily/notes.txt', 'mine');
    await bucket.put('backups/daily/deeper/geolens_20260101_020000.dump', 'mine');
    await bucket.put('backups2/daily/geolens_20260101_020000.dump', 'mine');
    await store.put(DUMP, sourceOf('dump'));
    const before = await bucket.keys();
    expect(await listed(store)).toEqual([DUMP]);
    expect(await store.cleanUp()).toEqual([]);
    expect(await bucket.keys()).toEqual(before);
  });

  it('2,500 keys are listed, each once', async () => {
    const { bucket, store } = await scene();
    const names = Array.from(
      { length: 2500 },
      (_, index) =>
        `daily/geolens_2026${String((Math.floor(index / 28) % 12) + 1).padStart(2, '0')}${String((index % 28) + 1).padStart(2, '0')}_${String(index % 24).padStart(2, '0')}${String(index % 60).padStart(2, '0')}${String(Math.floor(index / 60)).padStart(2, '0')}.dump`,
    );
    expect(new Set(names).size).toBe(2500);
    const queue = names.values();
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (const name of queue) await bucket.put(`backups/${name}`, 'x');
      }),
    );
    expect((await listed(store)).sort()).toEqual([...names].sort());
  });
});

async function listed(store: ReturnType<typeof s3StoreOn>): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('daily')) keys.push(key);
  return keys;
}

async function readAllOf(store: ReturnType<typeof s3StoreOn>): Promise<void> {
  await listed(store);
}
