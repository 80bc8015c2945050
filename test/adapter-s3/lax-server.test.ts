import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAll } from '@geolens/backup-core/testing';
import { S3Store, type ChecksumMode } from '@geolens/backup-adapter-s3';
import { startLaxS3, type LaxS3 } from '../support/lax-s3.ts';
import { randomSource, settingsOf, SMALL } from './support/stores.ts';

const BUCKET = 'sets';
const DUMP = 'daily/geolens_20260101_020000.dump';

async function laxServer(): Promise<{ readonly server: LaxS3; readonly client: S3Client }> {
  const server = await startLaxS3();
  onTestFinished(() => server.stop());
  const { endpoint, accessKeyId, secretAccessKey } = server;
  // As the SDK is by itself.
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  onTestFinished(() => {
    client.destroy();
  });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  return { server, client };
}

describe('a server that stores the framing of streamed checksums inside objects, and answers 200', () => {
  it('does so with the SDK’s defaults, which is why ours are others', async () => {
    const { client } = await laxServer();
    const content = Buffer.alloc(100_000, 'x');
    await client.send(
      new PutObjectCommand({
        Bucket: BUCKET,
        Key: 'k',
        Body: Readable.from([content], { objectMode: false }),
        ContentLength: content.length,
      }),
    );
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'k' }));
    expect((await readAll(Body as Readable)).equals(content)).toBe(false);
  });

  it.each([
    ['small', 300_000, 'auto', {}],
    ['small, told SHA-256', 300_000, 'sha256', {}],
    ['in parts', 12_000_000, 'auto', {}],
    ['in parts, told SHA-256', 12_000_000, 'sha256', {}],
    ['in parts that are not held in memory', 12_000_000, 'auto', { bufferedPartBytes: 1 }],
  ] as const)('holds what we send, %s, byte for byte', async (_, bytes, checksum: ChecksumMode, limits) => {
    const { server } = await laxServer();
    const store = new S3Store({
      settings: { ...settingsOf({ name: BUCKET, ...server }), checksum },
      limits: { ...SMALL, ...limits },
    });
    onTestFinished(() => {
      store.close();
    });
    const source = randomSource(bytes);
    await store.put(DUMP, source);
    expect((await readAll(store.read(DUMP))).equals(source.content)).toBe(true);
  });
});
