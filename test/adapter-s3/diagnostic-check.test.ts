import { PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { describe, expect, inject, it } from 'vitest';
import { S3DiagnosticCheck } from '@geolens/backup-adapter-s3';
import { ManualClock } from '@geolens/backup-core/testing';
import { Secret, type Clock } from '@geolens/backup-core';
import type { DiagnosticResult } from '@geolens/backup-core/internal';
import { freshBucket, type TestBucket } from '../support/buckets.ts';
import { freePort } from '../support/free-port.ts';
import { settingsOf } from './support/stores.ts';

const now: Clock = { now: () => new Date(), sleepUntil: () => Promise.resolve() };
const signal = new AbortController().signal;

const inspect = (
  bucket: TestBucket,
  change: object = {},
  clock = now,
): Promise<readonly DiagnosticResult[]> =>
  new S3DiagnosticCheck({ settings: { ...settingsOf(bucket), ...change }, clock }).inspect({ signal });

const levels = (results: readonly DiagnosticResult[]): Record<string, string> =>
  Object.fromEntries(results.map(({ subject, level }) => [subject, level]));

const ALL_WELL = Object.fromEntries(
  ['list', 'put', 'get', 'multipart', 'abort', 'uploads', 'copy', 'delete', 'clock'].map((step) => [
    `s3 ${step}`,
    'ok',
  ]),
);

describe.skipIf(inject('gateway') === undefined)('a look at a bucket', () => {
  it('does all that copies take, says that it works, and leaves nothing', async () => {
    const bucket = await freshBucket();
    const results = await inspect(bucket);
    expect(levels(results), JSON.stringify(results)).toEqual(ALL_WELL);
    expect(await bucket.keys()).toEqual([]);
    expect(await bucket.uploads()).toEqual([]);
  });

  it.each([
    ['s3:ListBucket', { 's3 list': 'fail' }],
    ['s3:AbortMultipartUpload', { 's3 abort': 'warn' }],
    ['s3:ListBucketMultipartUploads', { 's3 uploads': 'warn' }],
    ['s3:DeleteObject', { 's3 delete': 'warn' }],
    ['s3:GetObject', { 's3 get': 'fail', 's3 multipart': 'warn', 's3 copy': 'warn' }],
  ])('says that the right %s is missing, by its name', async (right, expected) => {
    const bucket = await freshBucket();
    await allow(bucket, right);
    const results = await inspect(bucket, { credentials: credentialsOf(bucket.stranger) });
    expect(levels(results), JSON.stringify(results)).toEqual({ ...ALL_WELL, ...expected });
    const [first] = results.filter(({ level }) => level !== 'ok');
    expect(first!.hint).toContain(right);
    expect((await bucket.keys()).length).toBeLessThanOrEqual(2);
  });

  it('stops at once where nothing can be stored, and says which right it takes', async () => {
    const bucket = await freshBucket();
    await allow(bucket, 's3:PutObject');
    const results = await inspect(bucket, { credentials: credentialsOf(bucket.stranger) });
    expect(levels(results)).toEqual({ 's3 list': 'ok', 's3 put': 'fail', 's3 clock': 'ok' });
    expect(results[1]!.hint).toContain('s3:PutObject');
  });

  it.each([
    [
      'keys that are wrong',
      () => ({ credentials: credentialsOf({ accessKeyId: 'nobody', secretAccessKey: 'very-secret' }) }),
      'credentials-wrong',
    ],
    ['a bucket that is not there', () => ({ bucket: 'no-such-bucket' }), 'bucket-missing'],
    [
      'a port that nobody listens on',
      async () => ({ endpoint: `http://127.0.0.1:${await freePort()}`, attempts: 1 }),
      'endpoint-unreachable',
    ],
  ] as const)('names what to correct: %s', async (_, change, reason) => {
    const results = await inspect(await freshBucket(), await change());
    expect(results[0]).toMatchObject({
      subject: 's3 list',
      level: 'fail',
      details: { reason },
      hint: expect.any(String) as string,
    });
    expect(JSON.stringify(results)).not.toContain('very-secret');
    expect(results.filter(({ level }) => level === 'fail')).toHaveLength(1);
    expect(results.length).toBeLessThanOrEqual(2);
  });

  it.each([
    [30, 'ok', 'ahead of'],
    [-90, 'warn', 'behind'],
    [700, 'fail', 'ahead of'],
  ])('knows that this machine’s clock is %d s off', async (seconds, level, side) => {
    const results = await inspect(
      await freshBucket(),
      {},
      new ManualClock(new Date(Date.now() + seconds * 1000)),
    );
    expect(results.at(-1)).toMatchObject({ subject: 's3 clock', level });
    expect(results.at(-1)!.message).toContain(side);
  });
});

const credentialsOf = ({
  accessKeyId,
  secretAccessKey,
}: {
  accessKeyId: string;
  secretAccessKey: string;
}): object => ({ accessKeyId: new Secret(accessKeyId), secretAccessKey: new Secret(secretAccessKey) });

const RIGHTS = [
  's3:ListBucket',
  's3:PutObject',
  's3:GetObject',
  's3:AbortMultipartUpload',
  's3:ListBucketMultipartUploads',
  's3:DeleteObject',
  's3:ListMultipartUploadParts',
];

/** Lets the stranger do everything in the bucket that copies take, but for one thing. */
async function allow({ client, name }: TestBucket, but: string): Promise<void> {
  const Resource = [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`];
  const Principal = { AWS: ['arn:aws:iam:::user/stranger'] };
  // Whoever stored an object may read it, unless that is denied.
  const Statement = [
    { Effect: 'Allow', Principal, Action: RIGHTS.filter((right) => right !== but), Resource },
    { Effect: 'Deny', Principal, Action: [but], Resource },
  ];
  await client.send(
    new PutBucketPolicyCommand({
      Bucket: name,
      Policy: JSON.stringify({ Version: '2012-10-17', Statement }),
    }),
  );
}
