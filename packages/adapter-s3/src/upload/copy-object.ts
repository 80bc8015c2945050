import { CopyObjectCommand, UploadPartCopyCommand, type CompletedPart } from '@aws-sdk/client-s3';
import { BackupError } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import { headObject, type ObjectFacts } from '../objects/head-object.ts';
import type { ObjectParameters } from '../objects/object-parameters.ts';
import { placeOf } from '../s3-errors.ts';
import { partBytesFor, type UploadLimits } from './limits.ts';
import { MultipartUpload } from './multipart-upload.ts';

export interface CopyOptions {
  readonly parameters: ObjectParameters;
  readonly limits: UploadLimits;
  readonly maxParts: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Copies an object on the server, in parts if it exceeds the limit of one request. This machine transfers no
 * content.
 * @returns what the store reports of the object and of its copy
 */
export async function copyObject(
  bucket: Bucket,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<{ readonly original: ObjectFacts; readonly copied: ObjectFacts }> {
  const { parameters, limits, signal } = options;
  const original = await headObject(bucket, from, signal);
  const source = copySource(bucket, from);
  if (original.bytes === undefined || original.bytes <= limits.singleCopyBytes) {
    const input = { Bucket: bucket.name, Key: to, CopySource: source, ...parameters };
    await bucket.send('CopyObject', new CopyObjectCommand(input), signal);
  } else await copyInParts(bucket, source, to, original.bytes, options);
  const copied = await headObject(bucket, to, signal);
  if (copied.bytes === original.bytes) return { original, copied };
  throw new BackupError(
    'ARTIFACT_MISMATCH',
    `${placeOf({ bucket: bucket.name, key: to })} has ${copied.bytes ?? '?'} bytes, its original has ${original.bytes ?? '?'}`,
  );
}

/** Returns the CopySource parameter of an object. */
export function copySource({ name }: Bucket, key: string): string {
  return `${name}/${key.split('/').map(encodeURIComponent).join('/')}`;
}

async function copyInParts(
  bucket: Bucket,
  source: string,
  to: string,
  bytes: number,
  { parameters, limits, maxParts, signal }: CopyOptions,
): Promise<void> {
  const partBytes = partBytesFor(bytes, limits.copyPartBytes, maxParts);
  const upload = await MultipartUpload.begin(bucket, to, parameters, signal);
  await upload.orAbort(async () => {
    const parts: CompletedPart[] = [];
    const indexes = Array.from({ length: Math.ceil(bytes / partBytes) }).keys();
    await upload.inParallel(limits.parallelParts, async () => {
      for (const index of indexes) {
        const start = index * partBytes;
        const command = new UploadPartCopyCommand({
          ...upload.position(index),
          CopySource: source,
          CopySourceRange: `bytes=${start}-${Math.min(start + partBytes, bytes) - 1}`,
        });
        const { CopyPartResult } = await bucket.send('UploadPartCopy', command, upload.signal);
        parts[index] = { PartNumber: index + 1, ETag: CopyPartResult?.ETag };
      }
    });
    await upload.complete(parts);
  });
}
