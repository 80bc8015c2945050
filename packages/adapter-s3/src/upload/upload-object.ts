import { PutObjectCommand } from '@aws-sdk/client-s3';
import { isBackupError } from '@geolens/backup-core';
import { headObject, type ObjectFacts } from '../objects/head-object.ts';
import { checkStored } from './check-stored.ts';
import { HashedParts } from './hashed-parts.ts';
import { sendPart } from './send-part.ts';
import { uploadParts } from './upload-parts.ts';
import { fitsIntoOnePart, type UploadRequest } from './upload-request.ts';

/**
 * Stores an object: in one request if it is small, otherwise in parallel parts. Keeps an existing object with
 * the same bytes. Compares the bytes with the SHA-256 of the source before the object exists, and with the
 * store's report afterwards.
 * @returns what the store reports of the object
 * @throws BackupError ARTIFACT_MISMATCH if they differ; then the key holds no object
 */
export async function uploadObject(request: UploadRequest): Promise<ObjectFacts> {
  const there = request.source.once === true ? undefined : await whatIsThere(request);
  if (there !== undefined) return there;
  return fitsIntoOnePart(request) ? putWhole(request) : (await uploadParts(request)).complete();
}

/** Returns the object if a process uploaded it before it died; `undefined` otherwise. */
async function whatIsThere(request: UploadRequest): Promise<ObjectFacts | undefined> {
  const { bucket, key, source, digests, signal } = request;
  const facts = await headObject(bucket, key, signal).catch((error: unknown) => {
    if (isBackupError(error, 'ARTIFACT_NOT_FOUND')) return undefined;
    throw error;
  });
  if (facts?.bytes !== source.bytes) return undefined;
  const parts = new HashedParts(request);
  await parts.each();
  return digests.matches(facts, parts.digests, parts.count > 1) ? facts : undefined;
}

async function putWhole(request: UploadRequest): Promise<ObjectFacts> {
  const { bucket, key, digests, parameters, signal } = request;
  const parts = new HashedParts(request);
  await parts.each(async (part) => {
    const input = { Bucket: bucket.name, Key: key, ContentLength: part.bytes, ...parameters };
    await sendPart(part, signal, (Body) =>
      bucket.send(
        'PutObject',
        new PutObjectCommand({ ...input, Body, ...digests.forBody(part.digest) }),
        signal,
      ),
    );
  });
  return checkStored(request, parts);
}
