import type { ArtifactSource } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import type { ObjectParameters } from '../objects/object-parameters.ts';
import { placeOf } from '../s3-errors.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { Digests } from './digests.ts';
import { HashedParts, type Part } from './hashed-parts.ts';
import { partBytesFor, type UploadLimits } from './limits.ts';

/** What is to become an object, and how. */
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

/** Whether the object goes in one request. */
export function fitsIntoOnePart({
  source,
  limits,
  maxParts,
}: Pick<UploadRequest, 'source' | 'limits' | 'maxParts'>): boolean {
  return source.bytes <= partBytesFor(source.bytes, limits.partBytes, maxParts);
}

/** The source, cut into parts. */
export function partsOf({
  bucket,
  key,
  source,
  digests,
  limits,
  maxParts,
  signal,
}: UploadRequest): HashedParts {
  const partBytes = partBytesFor(source.bytes, limits.partBytes, maxParts);
  const label = placeOf({ bucket: bucket.name, key });
  return new HashedParts(source, {
    partBytes,
    bufferedPartBytes: limits.bufferedPartBytes,
    algorithm: digests.algorithm,
    label,
    signal,
  });
}

/** Does some work with each part that no other process has taken, one after the other, in one buffer. */
export async function eachPart(
  { buffers }: UploadRequest,
  parts: HashedParts,
  work: (part: Part) => Promise<void>,
): Promise<void> {
  const buffer = buffers.take(parts.bufferBytes);
  try {
    for (let part = await parts.next(buffer); part !== undefined; part = await parts.next(buffer))
      await work(part);
  } finally {
    buffers.give(buffer);
  }
}
