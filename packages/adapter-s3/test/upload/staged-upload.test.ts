import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import { sourceOf } from '@geolens/backup-core/testing';
import { S3Store } from '../../src/index.ts';
import { failureOf, FakeS3 } from '../support/fake-s3.ts';

const MIB = 1024 * 1024;
const KEY = 'daily/geolens_20260101_020000.dump';
const OBJECT = `backups/${KEY}`;
const CONTENT = Buffer.alloc(3 * MIB + 1, 'geolens');

function storeOn(fake: FakeS3): S3Store {
  return new S3Store({
    settings: { bucket: 'sets', endpoint: 'http://s3.test', prefix: 'backups' },
    database: 'geolens',
    client: fake.client,
    limits: { partBytes: MIB, parallelParts: 2 },
  });
}

describe('what is sent to a bucket ahead of its set', () => {
  it('is an upload in parts that is left open, and costs one request more when it gets its name', async () => {
    const fake = new FakeS3();
    const sent = await storeOn(fake).stageUpload(KEY, sourceOf(CONTENT));
    expect([fake.uploads.size, fake.keys()]).toEqual([1, []]);
    expect(fake.stub.commandCalls(UploadPartCommand)).toHaveLength(4);
    await sent!.complete();
    expect([fake.uploads.size, fake.keys()]).toEqual([0, [OBJECT]]);
    expect(fake.stub.commandCalls(UploadPartCommand)).toHaveLength(4);
  });

  it('is not begun with what fits into one part', async () => {
    const fake = new FakeS3();
    expect(await storeOn(fake).stageUpload(KEY, sourceOf(CONTENT.subarray(0, MIB)))).toBeUndefined();
    expect(fake.stub.calls()).toHaveLength(0);
  });

  it('is aborted when it is discarded, once, and not after it was completed', async () => {
    const fake = new FakeS3();
    const store = storeOn(fake);
    const discarded = (await store.stageUpload(KEY, sourceOf(CONTENT)))!;
    await discarded.discard();
    await discarded.discard();
    expect([fake.uploads.size, fake.keys()]).toEqual([0, []]);
    const completed = (await store.stageUpload(KEY, sourceOf(CONTENT)))!;
    await completed.complete();
    await completed.discard();
    expect(fake.stub.commandCalls(AbortMultipartUploadCommand)).toHaveLength(1);
    expect(fake.keys()).toEqual([OBJECT]);
  });

  it('is cleaned up by the process that comes after one that died, and by no other process', async () => {
    const fake = new FakeS3();
    const store = storeOn(fake);
    await store.stageUpload(KEY, sourceOf(CONTENT));
    expect(await store.cleanUp()).toEqual([]);
    expect(await storeOn(fake).cleanUp()).toEqual([KEY]);
    expect(fake.uploads.size).toBe(0);
  });

  it('does not keep what a process that died has left under the same name', async () => {
    const fake = new FakeS3();
    const store = storeOn(fake);
    const left = fake.begin(OBJECT).UploadId;
    const sending = store.stageUpload(KEY, sourceOf(CONTENT));
    expect(await store.cleanUp()).toEqual([KEY]);
    const sent = await sending;
    expect(await store.cleanUp()).toEqual([]);
    expect([fake.uploads.size, fake.uploads.has(left)]).toEqual([1, false]);
    await sent!.complete();
    expect(fake.keys()).toEqual([OBJECT]);
  });

  it.each([
    [
      'is refused',
      (fake: FakeS3) =>
        void fake.stub
          .on(CompleteMultipartUploadCommand)
          .callsFake(() => Promise.reject(failureOf('InternalError', 500))),
    ],
    [
      'comes after the store has forgotten it',
      (fake: FakeS3) => {
        fake.uploads.clear();
      },
    ],
  ])(
    'leaves nothing when its completion %s, and is cleaned up by this process too from then on',
    async (_, fail) => {
      const fake = new FakeS3();
      const store = storeOn(fake);
      const sent = (await store.stageUpload(KEY, sourceOf(CONTENT)))!;
      fail(fake);
      await expect(sent.complete()).rejects.toBeInstanceOf(BackupError);
      expect([fake.uploads.size, fake.keys()]).toEqual([0, []]);
      fake.begin(OBJECT);
      expect(await store.cleanUp()).toEqual([KEY]);
    },
  );

  it('is completed when the answer to that was lost, and a second attempt finds no upload any more', async () => {
    const fake = new FakeS3();
    const sent = (await storeOn(fake).stageUpload(KEY, sourceOf(CONTENT)))!;
    const complete = fake.complete.bind(fake);
    fake.stub.on(CompleteMultipartUploadCommand).callsFake(({ UploadId }: { UploadId: string }) => {
      complete(UploadId);
      return Promise.reject(failureOf('NoSuchUpload', 404));
    });
    await sent.complete();
    expect(fake.keys()).toEqual([OBJECT]);
  });

  it('is removed again when the store made other bytes of it than were sent', async () => {
    const fake = new FakeS3();
    const sent = (await storeOn(fake).stageUpload(KEY, sourceOf(CONTENT)))!;
    [...fake.uploads.values()][0]!.parts.set(2, Buffer.alloc(MIB, 'x'));
    await expect(sent.complete()).rejects.toMatchObject({
      code: 'ARTIFACT_MISMATCH',
      message: expect.stringContaining('it was removed again') as string,
    });
    expect(fake.keys()).toEqual([]);
  });
});
