import { UploadPartCommand, type CompletedPart } from '@aws-sdk/client-s3';
import { throwIfAborted } from '@geolens/backup-core';
import { headObject, type ObjectFacts } from '../objects/head-object.ts';
import { checkStored } from './check-stored.ts';
import { HashedParts, type Part } from './hashed-parts.ts';
import { MultipartUpload } from './multipart-upload.ts';
import { sendPart } from './send-part.ts';
import type { UploadRequest } from './upload-request.ts';

/** A multipart upload whose parts have all arrived. */
export interface UploadedParts {
  /** Creates the object and compares it with the source. Leaves no parts if that fails. */
  complete(): Promise<ObjectFacts>;
  /** Aborts the upload. */
  discard(): Promise<void>;
}

/**
 * Uploads the parts of an object in parallel, without creating the object.
 * @param onBegun called with the id of the upload
 * @throws BackupError ARTIFACT_MISMATCH if the source differs from the announced one; any failure aborts the
 * upload
 */
export async function uploadParts(
  request: UploadRequest,
  onBegun: (id: string) => void = () => undefined,
): Promise<UploadedParts> {
  const { bucket, key, digests, parameters, limits, signal } = request;
  const parts = new HashedParts(request);
  const upload = await MultipartUpload.begin(bucket, key, { ...parameters, ...digests.forUpload }, signal);
  onBegun(upload.id);
  const completed: CompletedPart[] = [];
  await upload.orAbort(() =>
    upload.inParallel(Math.min(limits.parallelParts, parts.count), () =>
      parts.each(async (part) => {
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
      // May have succeeded: after a lost answer, the SDK's next attempt finds no such upload.
      const facts = await headObject(bucket, key, signal).catch(() => undefined);
      if (facts === undefined || !digests.matches(facts, parts.digests, true)) throw error;
    }
  }
}

async function uploadPart(
  { bucket, digests }: UploadRequest,
  upload: MultipartUpload,
  part: Part,
): Promise<CompletedPart> {
  const input = {
    ...upload.position(part.index),
    ContentLength: part.bytes,
    ...digests.forBody(part.digest),
  };
  const { ETag } = await sendPart(part, upload.signal, (Body) =>
    bucket.send('UploadPart', new UploadPartCommand({ ...input, Body }), upload.signal),
  );
  return { PartNumber: part.index + 1, ETag, ...digests.forPart(part.digest) };
}
