import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { freshBucket, gateway, type TestBucket } from './buckets.ts';
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { startGateway } from './gateway.ts';
import { startLaxS3 } from './lax-s3.ts';
import { s3Client } from './s3-client.ts';
import { s3Operation } from './s3-operation.ts';

const missing = inject('missingGateway');
const AWKWARD = [
  'a b',
  'a+b',
  'ümläut/x',
  'q?x=1&y',
  'per%20cent',
  "it's (1)!*",
  'emoji😀',
  'x/../y',
  '//double',
  'quote"<>&',
];

interface Proxied {
  readonly bucket: TestBucket;
  readonly proxy: FaultProxy;
  readonly client: S3Client;
  readonly put: (key: string, body: Uint8Array) => Promise<string>;
  readonly get: (key: string) => Promise<Buffer>;
}

/** A bucket and a client that reaches it through a proxy. */
async function proxied(): Promise<Proxied> {
  const bucket = await freshBucket();
  const proxy = await startFaultProxy(bucket.endpoint);
  const client = s3Client({ ...bucket, endpoint: proxy.endpoint });
  return {
    bucket,
    proxy,
    client,
    put: async (key, body) =>
      (await client.send(new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: body }))).ETag!,
    get: async (key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }));
      return Buffer.from(await Body!.transformToByteArray());
    },
  };
}

/** Uploads in one part, and gives what completes it. */
async function uploaded(
  { client, bucket }: Proxied,
  key: string,
  body: Uint8Array,
): Promise<CompleteMultipartUploadCommand> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: key }));
  const { ETag } = await client.send(
    new UploadPartCommand({ Bucket: bucket.name, Key: key, UploadId, PartNumber: 1, Body: body }),
  );
  return new CompleteMultipartUploadCommand({
    Bucket: bucket.name,
    Key: key,
    UploadId,
    MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
  });
}

const md5 = (body: Uint8Array): string => `"${createHash('md5').update(body).digest('hex')}"`;

describe.skipIf(missing)(`the gateway${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('starts beside another one, in seconds, and leaves neither server nor folder', async () => {
    const folders = (): string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith(`geolens-gateway-${process.pid}-`));
    const [before, began] = [folders(), performance.now()];
    const second = await startGateway();
    if ('unavailable' in second) throw new Error(second.unavailable);
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(second.endpoint).not.toBe(gateway().endpoint);
    await s3Client(second).send(new CreateBucketCommand({ Bucket: 'second' }));
    await Promise.all([second.stop(), second.stop()]);
    await expect(fetch(second.endpoint)).rejects.toThrow();
    expect(folders()).toEqual(before);
  });

  it('keeps a stranger out, and whoever has the wrong key', async () => {
    const bucket = await freshBucket();
    const list = new ListObjectsV2Command({ Bucket: bucket.name });
    await expect(s3Client({ ...bucket, ...bucket.stranger }).send(list)).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    await expect(s3Client({ ...bucket, secretAccessKey: 'wrong' }).send(list)).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    });
  });
});

describe.skipIf(missing)('a bucket', () => {
  it('gives what was put, to curl as well, whatever its key', async () => {
    const bucket = await freshBucket();
    const folder = await mkdtemp(join(tmpdir(), 'geolens-support-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    for (const key of AWKWARD) await bucket.put(key, `content of ${key}`);
    expect(await bucket.keys()).toEqual([...AWKWARD].sort());
    expect(await bucket.keys('x/')).toEqual(['x/../y']);
    for (const key of AWKWARD) expect((await bucket.get(key)).toString()).toBe(`content of ${key}`);
    for (const key of AWKWARD) {
      await bucket.download(key, join(folder, 'file'));
      expect(await readFile(join(folder, 'file'), 'utf8')).toBe(`content of ${key}`);
    }
    await expect(bucket.download('none', join(folder, 'none'))).rejects.toThrow('404');
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('lists more than a page', async () => {
    const bucket = await freshBucket();
    const names = Array.from({ length: 1005 }, (_, index) => `n/${String(index).padStart(4, '0')}`);
    for (let from = 0; from < names.length; from += 50)
      await Promise.all(names.slice(from, from + 50).map((name) => bucket.put(name, name)));
    expect(await bucket.keys('n/')).toEqual(names);
  });

  it('tells the uploads that are open', async () => {
    const bucket = await freshBucket();
    for (const key of ['b', 'a/ü', 'b'])
      await bucket.client.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: key }));
    expect(await bucket.uploads()).toEqual(['a/ü', 'b', 'b']);
    expect(await bucket.keys()).toEqual([]);
  });
});

describe.skipIf(missing)('the proxy', () => {
  it('passes on what no rule speaks of, and counts it', async () => {
    const { bucket, proxy, put, get } = await proxied();
    const body = randomBytes(20_000_000);
    for (const key of AWKWARD) await put(key, Buffer.from(key));
    expect(await put('large', body)).toBe(md5(body));
    expect((await get('large')).equals(body)).toBe(true);
    expect((await get('ümläut/x')).toString()).toBe('ümläut/x');
    expect(await bucket.keys()).toEqual([...AWKWARD, 'large'].sort());
    expect(proxy.received('PutObject')).toBe(body.length + Buffer.byteLength(AWKWARD.join('')));
    expect(proxy.received('GetObject')).toBe(0);
    expect(proxy.requests.at(-1)).toMatchObject({
      operation: 'GetObject',
      method: 'GET',
      status: 200,
      bytes: 0,
    });
  });

  it('passes on a refusal that comes before the body', async () => {
    const { client, proxy } = await proxied();
    const absent = new PutObjectCommand({ Bucket: 'not-there', Key: 'x', Body: randomBytes(20_000_000) });
    await expect(client.send(absent)).rejects.toMatchObject({ name: 'NoSuchBucket' });
    expect(proxy.requests.at(-1)?.status).toBe(404);
  });

  it.each([
    [500, 'InternalError'],
    [503, 'SlowDown'],
    [403, 'AccessDenied'],
  ])('answers %i %s in place of the server, as often as it was told', async (status, name) => {
    const { bucket, proxy, put } = await proxied();
    proxy.fault({
      when: ({ operation }) => operation === 'PutObject',
      times: 2,
      do: { kind: 'status', status },
    });
    for (const size of [10, 5_000_000]) {
      await expect(put('x', randomBytes(size))).rejects.toMatchObject({ name, message: 'injected fault' });
    }
    expect(await bucket.keys()).toEqual([]);
    await put('x', randomBytes(10));
    expect(await bucket.keys()).toEqual(['x']);
    expect(proxy.requests.map((request) => request.status)).toEqual([status, status, 200]);
  });

  it.each([10, 5_000_000])('resets the connection amid a request with %i bytes', async (size) => {
    const { bucket, proxy, put } = await proxied();
    proxy.fault({ when: ({ method }) => method === 'PUT', times: 1, do: { kind: 'reset' } });
    await expect(put('x', randomBytes(size))).rejects.toThrow(/ECONNRESET|EPIPE|socket hang up/);
    expect(await bucket.keys()).toEqual([]);
    expect(proxy.requests[0]).toMatchObject({ status: undefined });
    expect(proxy.received('PutObject')).toBeGreaterThanOrEqual(size / 2);
    await put('x', randomBytes(size));
  });

  it('resets the connection amid an answer', async () => {
    const { bucket, proxy, client, get } = await proxied();
    await bucket.put('x', randomBytes(5_000_000));
    proxy.fault({
      when: ({ operation }) => operation === 'GetObject',
      do: { kind: 'reset', afterBytes: 1_000_000 },
    });
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket.name, Key: 'x' }));
    let arrived = 0;
    const reading = (async () => {
      for await (const chunk of Body as AsyncIterable<Uint8Array>) arrived += chunk.length;
    })();
    await expect(reading).rejects.toThrow(/aborted|ECONNRESET/);
    expect(arrived).toBeGreaterThan(0);
    expect(arrived).toBeLessThanOrEqual(1_000_000);
    proxy.heal();
    expect(await get('x')).toHaveLength(5_000_000);
  });

  it('swallows the answer to what the server has done', async () => {
    const through = await proxied();
    const complete = await uploaded(through, 'x', randomBytes(1000));
    through.proxy.fault({
      when: ({ operation }) => operation === 'CompleteMultipartUpload',
      do: { kind: 'swallow' },
    });
    await expect(through.client.send(complete)).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(await through.bucket.keys()).toEqual(['x']);
    expect(await through.bucket.uploads()).toEqual([]);
  });

  it('hangs', async () => {
    const { bucket, client, proxy } = await proxied();
    proxy.fault({ when: () => true, do: { kind: 'hang' } });
    const stop = new AbortController();
    const request = client.send(new ListObjectsV2Command({ Bucket: bucket.name }), {
      abortSignal: stop.signal,
    });
    expect(await Promise.race([request, sleep(300, 'nothing yet')])).toBe('nothing yet');
    stop.abort();
    await expect(request).rejects.toMatchObject({ name: 'AbortError' });
    expect(proxy.requests).toMatchObject([{ operation: 'ListObjectsV2', status: undefined }]);
  });

  it('lies about an ETag, in headers and in documents', async () => {
    const through = await proxied();
    const complete = await uploaded(through, 'x', randomBytes(1000));
    through.proxy.fault({ when: () => true, do: { kind: 'etag', etag: '"0123"' } });
    expect(await through.put('y', randomBytes(10))).toBe('"0123"');
    expect((await through.client.send(complete)).ETag).toBe('"0123"');
    expect(await through.bucket.keys()).toEqual(['x', 'y']);
  });

  it('flips a bit of a body, which the server refuses where the body is signed', async () => {
    const { bucket, proxy, client, put } = await proxied();
    proxy.fault({ when: ({ operation }) => operation === 'PutObject', do: { kind: 'corrupt' } });
    const body = randomBytes(3_000_000);
    await expect(put('x', body)).rejects.toMatchObject({ name: 'XAmzContentSHA256Mismatch' });
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] =
          'UNSIGNED-PAYLOAD';
        return next(args);
      },
      { step: 'build' },
    );
    expect(await put('x', body)).not.toBe(md5(body));
    const stored = await bucket.get('x');
    expect(stored.findIndex((byte, index) => byte !== body[index])).toBe(1_500_000);
    expect(stored[1_500_000]! ^ body[1_500_000]!).toBe(1);
  });
});

it.each([
  ['PUT', '/b/k', 'PutObject'],
  ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart'],
  ['POST', '/b/k?uploads=', 'CreateMultipartUpload'],
  ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload'],
  ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload'],
  ['GET', '/b?uploads', 'ListMultipartUploads'],
  ['GET', '/b/?uploads', 'ListMultipartUploads'],
  ['GET', '/b/k?uploadId=u', 'ListParts'],
  ['GET', '/b?list-type=2', 'ListObjectsV2'],
  ['GET', '/b/k?x-id=GetObject', 'GetObject'],
  ['HEAD', '/b/k', 'HeadObject'],
  ['DELETE', '/b/k', 'DeleteObject'],
  ['HEAD', '/b/', 'HeadBucket'],
  ['GET', '/b/k?tagging', 'Other'],
  ['PUT', '/b', 'Other'],
])('%s %s is %s', (method, path, operation) => {
  const { pathname, searchParams } = new URL(path, 'http://s3');
  expect(s3Operation(method, pathname, searchParams, {})).toBe(operation);
});

it.each([
  ['/b/k', 'CopyObject'],
  ['/b/k?partNumber=1&uploadId=u', 'UploadPartCopy'],
])('PUT %s with a source is %s', (path, operation) => {
  const { pathname, searchParams } = new URL(path, 'http://s3');
  expect(s3Operation('PUT', pathname, searchParams, { 'x-amz-copy-source': 'b/x' })).toBe(operation);
});

describe('the lax server', () => {
  it('gives what was put, unless that was a stream with a checksum at its end', async () => {
    const lax = await startLaxS3();
    onTestFinished(() => lax.stop());
    const [client, checking] = [
      s3Client(lax),
      s3Client(lax, { requestChecksumCalculation: 'WHEN_SUPPORTED' }),
    ];
    await client.send(new CreateBucketCommand({ Bucket: 'lax' }));
    const stored = async (by: S3Client): Promise<string> => {
      await by.send(
        new PutObjectCommand({
          Bucket: 'lax',
          Key: 'x',
          Body: Readable.from([Buffer.from('content')]),
          ContentLength: 7,
        }),
      );
      return (await client.send(new GetObjectCommand({ Bucket: 'lax', Key: 'x' }))).Body!.transformToString();
    };
    expect(await stored(client)).toBe('content');
    expect(await stored(checking)).toMatch(/^7\r\ncontent\r\n0\r\nx-amz-checksum-/);
  });
});
