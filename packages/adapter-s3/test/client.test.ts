import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CompleteMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Secret } from '@geolens/backup-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '../src/client.ts';

const Body = Buffer.from('a part of an archive');
const digest = (algorithm: string): Buffer => createHash(algorithm).update(Body).digest();

describe('the signature of a request', () => {
  let client: S3Client;
  let received: { readonly headers: IncomingHttpHeaders; readonly body: Buffer }[];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.end();
    });
  });

  beforeEach(async () => {
    received = [];
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const credentials = { accessKeyId: new Secret('key'), secretAccessKey: new Secret('secret') };
    client = createClient({
      bucket: 'maps',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials,
    });
  });

  afterEach(async () => {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  const put = async (extra: object): Promise<IncomingHttpHeaders> => {
    await client.send(new PutObjectCommand({ Bucket: 'maps', Key: 'dump', Body, ...extra }));
    expect(received).toHaveLength(1);
    expect(received[0]!.body).toEqual(Body);
    return received[0]!.headers;
  };

  it('covers a body through its MD5, which is among what is signed, without hashing it once more', async () => {
    const headers = await put({ ContentMD5: digest('md5').toString('base64') });
    expect(headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
    expect(headers['content-md5']).toBe(digest('md5').toString('base64'));
    expect(headers.authorization).toMatch(/SignedHeaders=[^,]*\bcontent-md5;[^,]*\bx-amz-content-sha256\b/);
  });

  it('covers a part likewise', async () => {
    await client.send(
      new UploadPartCommand({
        Bucket: 'maps',
        Key: 'dump',
        UploadId: '1',
        PartNumber: 1,
        Body,
        ContentMD5: digest('md5').toString('base64'),
      }),
    );
    expect(received[0]!.headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
  });

  it('covers what ends an upload by its own hash, and not by the digest of the object', async () => {
    const sent = client.send(
      new CompleteMultipartUploadCommand({
        Bucket: 'maps',
        Key: 'dump',
        UploadId: '1',
        ChecksumSHA256: digest('sha256').toString('base64'),
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: '"1"' }] },
      }),
    );
    await sent.catch(() => undefined); // this server says nothing that a client could read
    const [{ headers, body } = { headers: {} as IncomingHttpHeaders, body: Buffer.of() }] = received;
    expect(headers['x-amz-content-sha256']).toBe(createHash('sha256').update(body).digest('hex'));
  });

  it('covers a body by the SHA-256 that was sent along', async () => {
    const headers = await put({ ChecksumSHA256: digest('sha256').toString('base64') });
    expect(headers['x-amz-content-sha256']).toBe(digest('sha256').toString('hex'));
  });

  it('covers a body without a digest of ours by the SDK’s own hash', async () => {
    const headers = await put({});
    expect(headers['x-amz-content-sha256']).toBe(digest('sha256').toString('hex'));
  });
});
