import { PutObjectCommand } from '@aws-sdk/client-s3';
import { isBackupError } from '@geolens/backup-core';
import { headObject, type ObjectFacts } from '../objects/head-object.ts';
import { checkStored } from './check-stored.ts';
import { withRetry } from './with-retry.ts';
import { uploadParts } from './upload-parts.ts';
import { eachPart, fitsIntoOnePart, partsOf, type UploadRequest } from './upload-request.ts';
import { withBody } from './with-body.ts';

/**
 * Stores an object: in one request when it is small, else in parts sent side by side. What is there already,
 * and proves to be the same, is left as it is. The bytes are compared with the source's SHA-256 before the
 * object comes into being, and with what the store says that it has afterwards.
 * @returns what the store reports of the object
 * @throws BackupError ARTIFACT_MISMATCH when they differ; then nothing is left under the key
 */
export async function uploadObject(request: UploadRequest): Promise<ObjectFacts> {
  const there = await whatIsThere(request);
  if (there !== undefined) return there;
  return fitsIntoOnePart(request) ? putWhole(request) : (await uploadParts(request)).complete();
}

/** Returns the object if an earlier upload, whose process died before it ended, has made it. */
async function whatIsThere(request: UploadRequest): Promise<ObjectFacts | undefined> {
  const { bucket, key, source, digests, signal } = request;
  const facts = await headObject(bucket, key, signal).catch((error: unknown) => {
    if (isBackupError(error, 'ARTIFACT_NOT_FOUND')) return undefined;
    throw error;
  });
  if (facts?.bytes !== source.bytes) return undefined;
  const parts = partsOf(request);
  await eachPart(request, parts, () => Promise.resolve());
  return digests.matches(facts, parts.digests, parts.count > 1) ? facts : undefined;
}

async function putWhole(request: UploadRequest): Promise<ObjectFacts> {
  const { bucket, key, digests, parameters, signal } = request;
  const parts = partsOf(request);
  await eachPart(request, parts, async (part) => {
    await withRetry(signal, () =>
      withBody(part, (Body) => {
        const input = {
          Bucket: bucket.name,
          Key: key,
          Body,
          ContentLength: part.bytes,
          ...digests.forBody(part.digest),
          ...parameters,
        };
        return bucket.call('PutObject', key, signal, (options) =>
          bucket.client.send(new PutObjectCommand(input), options),
        );
      }),
    );
  });
  return checkStored(request, parts);
}
