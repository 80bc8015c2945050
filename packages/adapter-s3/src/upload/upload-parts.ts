import { UploadPartCommand, type CompletedPart } from '@aws-sdk/client-s3';
import { throwIfAborted } from '@geolens/backup-core';
import { headObject, type ObjectFacts } from '../objects/head-object.ts';
import type { Part } from './hashed-parts.ts';
import { MultipartUpload } from './multipart-upload.ts';
import { withRetry } from './with-retry.ts';
import { checkStored } from './check-stored.ts';
import { eachPart, partsOf, type UploadRequest } from './upload-request.ts';
import { withBody } from './with-body.ts';

/** An upload all parts of which have arrived. */
export interface UploadedParts {
  /**
   * Makes the object of them and compares it with the source; when that fails, nothing is left of the parts.
   */
  complete(): Promise<ObjectFacts>;
  /** Aborts the upload. */
  discard(): Promise<void>;
}

/**
 * Sends an object in parts, side by side, and makes none of them yet.
 * @param onBegun told the id of the upload
 * @throws BackupError ARTIFACT_MISMATCH when the source is not what it says; whenever it fails, the upload is
 * aborted
 */
export async function uploadParts(
  request: UploadRequest,
  onBegun: (id: string) => void = () => undefined,
): Promise<UploadedParts> {
  const { bucket, key, digests, parameters, limits, signal } = request;
  const parts = partsOf(request);
  const upload = await MultipartUpload.begin(bucket, key, { ...parameters, ...digests.forUpload }, signal);
  onBegun(upload.id);
  const completed: CompletedPart[] = [];
  await upload.orAbort(() =>
    upload.inParallel(Math.min(limits.parallelParts, parts.count), () =>
      eachPart(request, parts, async (part) => {
        completed[part.index] = await uploadPart(request, upload, part);
      }),
    ),
  );
  return {
    complete: async () => {
      await upload.orAbort(() => complete());
      return checkStored(request, parts);
    },
    discard: async () => {
      await upload.abort();
    },
  };

  async function complete(): Promise<void> {
    try {
      await upload.complete(completed);
    } catch (error) {
      throwIfAborted(signal);
      // It may be done all the same: when the answer was lost, the SDK's next attempt finds no such upload
      // any more.
      const facts = await headObject(bucket, key, signal).catch(() => undefined);
      if (facts === undefined || !digests.matches(facts, parts.digests, true)) throw error;
    }
  }
}

async function uploadPart(
  { bucket, key, digests }: UploadRequest,
  upload: MultipartUpload,
  part: Part,
): Promise<CompletedPart> {
  const position = { Bucket: bucket.name, Key: key, UploadId: upload.id, PartNumber: part.index + 1 };
  const { ETag } = await withRetry(upload.signal, () =>
    withBody(part, (Body) => {
      const input = { ...position, Body, ContentLength: part.bytes, ...digests.forBody(part.digest) };
      return bucket.call('UploadPart', key, upload.signal, (options) =>
        bucket.client.send(new UploadPartCommand(input), options),
      );
    }),
  );
  return { PartNumber: part.index + 1, ETag, ...digests.forPart(part.digest) };
}
