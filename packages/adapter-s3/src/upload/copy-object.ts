import { CopyObjectCommand, UploadPartCopyCommand, type CompletedPart } from '@aws-sdk/client-s3';
import { BackupError } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import { headObject, type ObjectFacts } from '../objects/head-object.ts';
import { partBytesFor, type UploadLimits } from './limits.ts';
import { MultipartUpload } from './multipart-upload.ts';
import { placeOf } from '../s3-errors.ts';
import type { ObjectParameters } from '../objects/object-parameters.ts';

/** What the store reports of an object and of its copy. */
export interface CopiedObject {
  readonly original: ObjectFacts;
  readonly copied: ObjectFacts;
}

/**
 * Copies an object on the server, in parts where it is larger than one request may copy. No byte comes by
 * here.
 */
export async function copyObject(
  bucket: Bucket,
  from: string,
  to: string,
  {
    parameters,
    limits,
    maxParts,
    signal,
  }: {
    readonly parameters: ObjectParameters;
    readonly limits: UploadLimits;
    readonly maxParts: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<CopiedObject> {
  const original = await headObject(bucket, from, signal);
  const source = { CopySource: `${bucket.name}/${from.split('/').map(encodeURIComponent).join('/')}` };
  if (original.bytes === undefined || original.bytes <= limits.singleCopyBytes) {
    const input = { Bucket: bucket.name, Key: to, ...source, ...parameters };
    await bucket.call('CopyObject', to, signal, (options) =>
      bucket.client.send(new CopyObjectCommand(input), options),
    );
  } else {
    await copyInParts(bucket, to, {
      bytes: original.bytes,
      partBytes: partBytesFor(original.bytes, limits.copyPartBytes, maxParts),
      source,
      parameters,
      limits,
      signal,
    });
  }
  const copied = await headObject(bucket, to, signal);
  if (copied.bytes === original.bytes) return { original, copied };
  throw new BackupError(
    'ARTIFACT_MISMATCH',
    `${placeOf({ bucket: bucket.name, key: to })} has ${copied.bytes ?? '?'} bytes, its original has ${original.bytes ?? '?'}`,
  );
}

interface CopyInParts {
  readonly bytes: number;
  readonly partBytes: number;
  readonly source: { readonly CopySource: string };
  readonly parameters: ObjectParameters;
  readonly limits: UploadLimits;
  readonly signal: AbortSignal | undefined;
}

async function copyInParts(
  bucket: Bucket,
  to: string,
  { bytes, partBytes, source, parameters, limits, signal }: CopyInParts,
): Promise<void> {
  const upload = await MultipartUpload.begin(bucket, to, parameters, signal);
  await upload.orAbort(async () => {
    const parts: CompletedPart[] = [];
    const starts = Array.from(
      { length: Math.ceil(bytes / partBytes) },
      (_, index) => index * partBytes,
    ).entries();
    const worker = async (): Promise<void> => {
      for (const [index, start] of starts) {
        const end = Math.min(start + partBytes, bytes);
        const input = {
          Bucket: bucket.name,
          Key: to,
          UploadId: upload.id,
          PartNumber: index + 1,
          ...source,
          CopySourceRange: `bytes=${start}-${end - 1}`,
        };
        const { CopyPartResult } = await bucket.call('UploadPartCopy', to, upload.signal, (options) =>
          bucket.client.send(new UploadPartCopyCommand(input), options),
        );
        parts[index] = { PartNumber: index + 1, ETag: CopyPartResult?.ETag };
      }
    };
    await upload.inParallel(limits.parallelParts, worker);
    await upload.complete(parts);
  });
}
