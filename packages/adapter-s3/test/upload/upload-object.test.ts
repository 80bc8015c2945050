import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ByteRange } from '@geolens/backup-core';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { partBytesFor } from '../../src/upload/limits.ts';
import { S3Store, type S3Settings } from '../../src/index.ts';
import { failureOf, FakeS3 } from '../support/fake-s3.ts';

const MIB = 1024 * 1024;
const KEY = 'daily/geolens_20260101_020000.dump';
const WEEKLY = 'weekly/geolens_20260101_020000.dump';
const CONTENT = Buffer.alloc(3 * MIB + 1, 'geolens');
const PARTS = { partBytes: MIB, parallelParts: 2 };

function storeOn(fake: FakeS3, change: Partial<S3Settings> = {}, limits = {}): S3Store {
  return new S3Store({
    settings: { bucket: 'sets', endpoint: 'http://s3.test', prefix: 'backups', ...change },
    database: 'geolens',
    client: fake.client,
    limits,
  });
}

const inputsOf = (
  fake: FakeS3,
  command: Parameters<FakeS3['stub']['commandCalls']>[0],
): Record<string, unknown>[] =>
  fake.stub.commandCalls(command).map((call) => call.args[0].input as Record<string, unknown>);

describe('what goes along with an object', () => {
  it('is its MD5, which every store knows, where the store is not Amazon’s', async () => {
    const fake = new FakeS3();
    await storeOn(fake).put(KEY, sourceOf('small'));
    const [input] = inputsOf(fake, PutObjectCommand);
    expect(input).toMatchObject({
      ContentLength: 5,
      ContentMD5: createHash('md5').update('small').digest('base64'),
    });
    expect(input).not.toHaveProperty('ChecksumSHA256');
  });

  it('is its SHA-256 at Amazon, of each part too', async () => {
    const fake = new FakeS3();
    await storeOn(fake, { endpoint: undefined }, PARTS).put(KEY, sourceOf(CONTENT));
    expect(inputsOf(fake, CreateMultipartUploadCommand)).toMatchObject([{ ChecksumAlgorithm: 'SHA256' }]);
    const parts = inputsOf(fake, UploadPartCommand);
    expect(parts).toHaveLength(4);
    for (const part of parts) expect(part).toHaveProperty('ChecksumSHA256');
  });

  it('is the class and the encryption that are asked for: of objects, of uploads in parts, of copies', async () => {
    const fake = new FakeS3();
    const store = storeOn(
      fake,
      { storageClass: 'STANDARD_IA', encryption: 'aws:kms', kmsKeyId: 'alias/sets' },
      PARTS,
    );
    await store.put('daily/globals-20260101_020000.sql', sourceOf('small'));
    await store.put(KEY, sourceOf(CONTENT));
    await store.copy(KEY, WEEKLY);
    const asked = { StorageClass: 'STANDARD_IA', ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'alias/sets' };
    for (const command of [PutObjectCommand, CreateMultipartUploadCommand, CopyObjectCommand])
      expect(inputsOf(fake, command)[0]).toMatchObject(asked);
  });
});

describe('an upload in parts', () => {
  it('is begun by nothing that fits into one part, and has no more parts than the provider allows', async () => {
    const fake = new FakeS3();
    await storeOn(fake, {}, PARTS).put(KEY, sourceOf(CONTENT.subarray(0, MIB)));
    expect(fake.stub.commandCalls(CreateMultipartUploadCommand)).toHaveLength(0);
    await storeOn(fake, { maxParts: 2 }, PARTS).put(KEY, sourceOf(CONTENT));
    expect(
      inputsOf(fake, UploadPartCommand).map(({ PartNumber, ContentLength }) => [PartNumber, ContentLength]),
    ).toEqual([
      [1, 2 * MIB],
      [2, MIB + 1],
    ]);
  });

  it.each([
    [1, 10_000, 5],
    [50_000 * MIB, 10_000, 5],
    [50_000 * MIB + 1, 10_000, 6],
    [5 * 1024 * 1024 * MIB, 10_000, 525],
    [100 * 1024 * MIB, 1000, 103],
  ])('of %i bytes in at most %i parts has parts of %i MiB', (bytes, maxParts, expected) => {
    const partBytes = partBytesFor(bytes, 5 * MIB, maxParts);
    expect(partBytes).toBe(expected * MIB);
    expect(Math.ceil(bytes / partBytes)).toBeLessThanOrEqual(maxParts);
  });

  it('is aborted, and never completed, when the source is not what it says', async () => {
    const fake = new FakeS3();
    const lie = sourceOf(CONTENT, { sha256: 'a'.repeat(64) });
    await expect(storeOn(fake, {}, PARTS).put(KEY, lie)).rejects.toMatchObject({ code: 'ARTIFACT_MISMATCH' });
    expect(fake.stub.commandCalls(AbortMultipartUploadCommand)).toHaveLength(1);
    expect([fake.uploads.size, fake.keys()]).toEqual([0, []]);
  });
});

describe('what the store has afterwards', () => {
  it.each([
    ['of one request', CONTENT.subarray(0, 1000)],
    ['in parts', CONTENT],
  ])('is read back where its ETag proves nothing, %s', async (_, content) => {
    const fake = new FakeS3();
    fake.stub.on(HeadObjectCommand).callsFake(({ Key }: { Key: string }) => {
      const object = fake.objects.get(Key);
      if (object === undefined) return Promise.reject(failureOf('NotFound', 404));
      return Promise.resolve({ ContentLength: object.content.length, ETag: '"of-another-kind"' });
    });
    await storeOn(fake, {}, PARTS).put(KEY, sourceOf(content));
    expect(fake.stub.commandCalls(GetObjectCommand).length).toBeGreaterThan(0);
    expect(fake.keys()).toEqual([`backups/${KEY}`]);
  });

  it('is read back where a proxy keeps its length back', async () => {
    const fake = new FakeS3();
    fake.stub
      .on(HeadObjectCommand)
      .callsFake(({ Key }: { Key: string }) =>
        fake.objects.has(Key) ? Promise.resolve({}) : Promise.reject(failureOf('NotFound', 404)),
      );
    await storeOn(fake).put(KEY, sourceOf('the dump'));
    expect(fake.keys()).toEqual([`backups/${KEY}`]);
  });

  it.each([
    ['other bytes of the same number', (content: Buffer) => Buffer.alloc(content.length, 'x')],
    ['more bytes', (content: Buffer) => Buffer.concat([content, Buffer.from('\r\n')])],
  ])('is removed again, and the put fails, when it has %s', async (_, change) => {
    const fake = new FakeS3();
    fake.stub
      .on(PutObjectCommand)
      .callsFake(({ Key, Body }: { Key: string; Body: Buffer }) =>
        Promise.resolve(fake.store(Key, change(Body))),
      );
    await expect(storeOn(fake).put(KEY, sourceOf('the dump'))).rejects.toMatchObject({
      code: 'ARTIFACT_MISMATCH',
      message: expect.stringContaining('it was removed again') as string,
    });
    expect(fake.keys()).toEqual([]);
  });
});

describe('reading', () => {
  it('refuses to go on in another object, when that was replaced after the connection broke', async () => {
    const fake = new FakeS3();
    const breaking = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(CONTENT.subarray(0, 1000));
      throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    };
    fake.stub
      .on(GetObjectCommand)
      .callsFake(({ IfMatch }: { IfMatch?: string }) =>
        IfMatch === undefined
          ? Promise.resolve({
              Body: Readable.from(breaking()),
              ContentLength: CONTENT.length,
              ETag: '"first"',
            })
          : Promise.reject(failureOf('PreconditionFailed', 412)),
      );
    await expect(readAll(storeOn(fake).read(KEY))).rejects.toMatchObject({
      message: expect.stringContaining('PreconditionFailed') as string,
    });
    expect(inputsOf(fake, GetObjectCommand)).toMatchObject([
      {},
      { IfMatch: '"first"', Range: `bytes=1000-${CONTENT.length - 1}` },
    ]);
  });
});

describe('parts that are not held in memory', () => {
  const STREAMED = { ...PARTS, bufferedPartBytes: 1 };

  it('are sent again when the store found the line too slow', async () => {
    const fake = new FakeS3();
    fake.refusals.push(failureOf('RequestTimeout', 400), failureOf('RequestTimeout', 400));
    await storeOn(fake, {}, STREAMED).put(KEY, sourceOf(CONTENT));
    expect(fake.objects.get(`backups/${KEY}`)?.content.equals(CONTENT)).toBe(true);
    expect(fake.stub.commandCalls(UploadPartCommand)).toHaveLength(6);
  });

  it('fail the put, and nothing else, when the source fails while they are sent', async () => {
    const fake = new FakeS3();
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.prependListener('uncaughtException', note);
    onTestFinished(() => void process.removeListener('uncaughtException', note));
    let opened = 0;
    const source = sourceOf(CONTENT);
    const failing = {
      ...source,
      open: (range?: ByteRange) =>
        ++opened > 4 ? chunksOf('', { failure: new Error('EIO') }) : source.open(range),
    };
    await expect(storeOn(fake, {}, STREAMED).put(KEY, failing)).rejects.toThrow('EIO');
    await setTimeout(20);
    expect(uncaught).toEqual([]);
    expect(fake.uploads.size).toBe(0);
  });
});

describe('the clean-up', () => {
  it('ends where a store says that there is more, and not where', async () => {
    const fake = new FakeS3();
    fake.stub.on(ListMultipartUploadsCommand).resolves({ IsTruncated: true, Uploads: [] });
    expect(await storeOn(fake).cleanUp()).toEqual([]);
  });

  it('aborts uploads of names of ours below the prefix, on all pages, and no others', async () => {
    const fake = new FakeS3();
    const ours = [
      'daily/geolens_20260101_020000.dump',
      'daily/staging-20260101_020000.tar.gz',
      'daily/globals-20260102_020000.sql',
      'daily/geolens_20260103_020000.dump',
      'weekly/geolens_20260104_020000.dump',
    ];
    const theirs = [
      'backups/daily/notes.txt',
      'backups/daily/deeper/geolens_20260101_020000.dump',
      'backups/daily/other_20260101_020000.dump',
      'backups2/daily/geolens_20260101_020000.dump',
      'daily/geolens_20260101_020000.dump',
    ];
    for (const key of [...theirs, ...ours.map((name) => `backups/${name}`)]) fake.begin(key);
    expect([...(await storeOn(fake).cleanUp())].sort()).toEqual([...ours].sort());
    expect([...fake.uploads.values()].map(({ key }) => key).sort()).toEqual([...theirs].sort());
  });
});
