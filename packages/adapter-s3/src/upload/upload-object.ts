import type { Readable } from 'node:stream';
import { DeleteObjectCommand, PutObjectCommand, UploadPartCommand, type CompletedPart } from '@aws-sdk/client-s3';
import { BackupError, isBackupError, sha256Of, throwIfAborted, type ArtifactSource } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { Digests } from './digests.ts';
import { HashedParts, type Part } from './hashed-parts.ts';
import { headObject } from '../objects/head-object.ts';
import { partBytesFor, type UploadLimits } from './limits.ts';
import { MultipartUpload } from './multipart-upload.ts';
import type { ObjectParameters } from '../objects/object-parameters.ts';
import { readObject } from '../objects/read-object.ts';
import { persistently } from './persistently.ts';
import { placeOf } from '../s3-errors.ts';

export interface UploadRequest {
  readonly bucket: Bucket;
  readonly key: string;
  readonly source: ArtifactSource;
  readonly digests: Digests;
  readonly parameters: ObjectParameters;
  readonly limits: UploadLimits;
  readonly maxParts: number;
  readonly buffers: BufferPool;
  readonly signal: AbortSignal | undefined;
}

/**
 * Stores an object: in one request when it is small, else in parts sent side by side. What is there already, and proves to be
 * the same, is left as it is. The bytes are compared with the source's SHA-256 before the object comes into being, and with
 * what the store says that it has afterwards.
 * @throws BackupError ARTIFACT_MISMATCH when they differ; then nothing is left under the key
 */
export async function uploadObject(request: UploadRequest): Promise<void> {
  if (await isThere(request)) return;
  const parts = partsOf(request);
  await (parts.count === 1 ? putWhole(request, parts) : uploadInParts(request, parts));
  await checkStored(request, parts);
}

function partsOf({ bucket, key, source, digests, limits, maxParts, signal }: UploadRequest): HashedParts {
  const partBytes = partBytesFor(source.bytes, limits.partBytes, maxParts);
  const label = placeOf({ bucket: bucket.name, key });
  return new HashedParts(source, { partBytes, bufferedPartBytes: limits.bufferedPartBytes, algorithm: digests.algorithm, label, signal });
}

/** Whether an earlier upload, whose process died before it could tell, has brought the object about. */
async function isThere(request: UploadRequest): Promise<boolean> {
  const { bucket, key, source, digests, signal } = request;
  const facts = await headObject(bucket, key, signal).catch((error: unknown) => {
    if (isBackupError(error, 'ARTIFACT_NOT_FOUND')) return undefined;
    throw error;
  });
  if (facts?.bytes !== source.bytes) return false;
  const parts = partsOf(request);
  await eachPart(request, parts, () => Promise.resolve());
  return digests.prove(facts, parts.digests, parts.count > 1);
}

async function putWhole(request: UploadRequest, parts: HashedParts): Promise<void> {
  const { bucket, key, digests, parameters, signal } = request;
  await eachPart(request, parts, async (part) => {
    await persistently(signal, () =>
      withBody(part, (Body) => {
        const input = { Bucket: bucket.name, Key: key, Body, ContentLength: part.bytes, ...digests.forBody(part.digest), ...parameters };
        return bucket.call('PutObject', key, signal, (options) => bucket.client.send(new PutObjectCommand(input), options));
      }),
    );
  });
}

/** Does some work with each part that nobody else has taken, one after the other, in one buffer. */
async function eachPart({ buffers }: UploadRequest, parts: HashedParts, work: (part: Part) => Promise<void>): Promise<void> {
  const buffer = buffers.take(parts.bufferBytes);
  try {
    for (let part = await parts.next(buffer); part !== undefined; part = await parts.next(buffer)) await work(part);
  } finally {
    buffers.give(buffer);
  }
}

async function uploadInParts(request: UploadRequest, parts: HashedParts): Promise<void> {
  const { bucket, key, digests, parameters, limits, signal } = request;
  const upload = await MultipartUpload.begin(bucket, key, { ...parameters, ...digests.forUpload }, signal);
  await upload.orAbort(async () => {
    const completed: CompletedPart[] = [];
    await upload.inParallel(Math.min(limits.parallelParts, parts.count), () =>
      eachPart(request, parts, async (part) => {
        completed[part.index] = await sendPart(request, upload, part);
      }),
    );
    try {
      await upload.complete(completed);
    } catch (error) {
      throwIfAborted(signal);
      // It may be done all the same: when the answer was lost, the SDK's next attempt finds no such upload any more.
      const facts = await headObject(bucket, key, signal).catch(() => undefined);
      if (facts === undefined || !digests.prove(facts, parts.digests, true)) throw error;
    }
  });
}

async function sendPart({ bucket, key, digests }: UploadRequest, upload: MultipartUpload, part: Part): Promise<CompletedPart> {
  const position = { Bucket: bucket.name, Key: key, UploadId: upload.id, PartNumber: part.index + 1 };
  const { ETag } = await persistently(upload.signal, () =>
    withBody(part, (Body) => {
      const input = { ...position, Body, ContentLength: part.bytes, ...digests.forBody(part.digest) };
      return bucket.call('UploadPart', key, upload.signal, (options) => bucket.client.send(new UploadPartCommand(input), options));
    }),
  );
  return { PartNumber: part.index + 1, ETag, ...digests.forPart(part.digest) };
}

/** Sends a part. The SDK listens to no stream that it is given: one that fails would end the process, one that is left would stay open. */
async function withBody<T>(part: Part, send: (body: Buffer | Readable) => Promise<T>): Promise<T> {
  const body = part.body();
  if (Buffer.isBuffer(body)) return send(body);
  const failed = new Promise<never>((_, reject) => body.once('error', reject));
  failed.catch(() => undefined);
  const sent = send(body);
  sent.catch(() => undefined);
  try {
    return await Promise.race([sent, failed]);
  } finally {
    body.on('error', () => undefined);
    body.destroy();
  }
}

/** Compares what the store has with the source: length and digest as the store tells them, or, where these prove nothing, by reading it back. */
async function checkStored(request: UploadRequest, parts: HashedParts): Promise<void> {
  const { bucket, key, source, digests, signal } = request;
  const facts = await headObject(bucket, key, signal);
  const sameLength = facts.bytes === undefined || facts.bytes === source.bytes;
  if (sameLength && (digests.prove(facts, parts.digests, parts.count > 1) || (await sha256Of(readObject(bucket, key, undefined, signal))) === source.sha256)) return;
  const remains = await bucket
    .call('DeleteObject', key, signal, (options) => bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key }), options))
    .then(() => 'it was removed again', (error: unknown) => `it could not be removed again: ${(error as Error).message}`);
  throw new BackupError(
    'ARTIFACT_MISMATCH',
    `${placeOf({ bucket: bucket.name, key })}: ${source.bytes} bytes with SHA-256 ${source.sha256} were sent, but the store has others (${facts.bytes ?? '?'} bytes); ${remains}`,
    { mend: 'The store changes what it is sent; try the other S3_CHECKSUM, or another store' },
  );
}
