import type { ArtifactSource } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import type { ObjectParameters } from '../objects/object-parameters.ts';
import type { Digests } from './digests.ts';
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

/**
 * Buffers of one size that are used again. Idle ones are held weakly, so that the garbage collector frees
 * them while the process waits for its next upload: 15 MB, measured. Without the pool, the buffers of earlier
 * uploads stay until the next collection.
 */
export class BufferPool {
  private readonly bytes: number;
  private idle = new WeakRef<Buffer[]>([]);

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  async use<T>(work: (buffer: Buffer) => Promise<T>): Promise<T> {
    const buffer = this.idle.deref()?.pop() ?? Buffer.allocUnsafeSlow(this.bytes);
    try {
      return await work(buffer);
    } finally {
      this.idle = new WeakRef([...(this.idle.deref() ?? []), buffer]);
    }
  }
}

/** Returns the size of the parts of the object. */
export function partBytesOf({ source, limits, maxParts }: UploadRequest): number {
  return partBytesFor(source.bytes, limits.partBytes, maxParts);
}

/** Whether the object goes in one request. */
export function fitsIntoOnePart(request: UploadRequest): boolean {
  return request.source.bytes <= partBytesOf(request);
}
