import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { failure } from '../../../system/test/support/failure.ts';
import { Bucket } from '../../src/bucket.ts';
import { listObjects } from '../../src/objects/list-objects.ts';
import { FakeS3 } from '../support/fake-s3.ts';

it('a listing that always has another page ends after some thousand', async () => {
  const fake = new FakeS3();
  fake.stub
    .on(ListObjectsV2Command)
    .resolves({ IsTruncated: true, NextContinuationToken: 'x', Contents: [{ Key: 'sets/x', Size: 1 }] });
  const reading = async (): Promise<void> => {
    const listing = listObjects(new Bucket(fake.client, 'b'), 'sets/', undefined);
    while ((await listing.next()).done !== true);
  };
  expect((await failure('STORE_FAILED', reading())).message).toContain('more than 1000000 objects');
  expect(fake.stub.commandCalls(ListObjectsV2Command).length).toBeLessThan(3000);
});
