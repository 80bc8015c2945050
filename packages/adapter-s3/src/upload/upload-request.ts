import type { ArtifactSource } from '@geolens/backup-core';
import type { Bucket } from '../bucket.ts';
import type { ObjectParameters } from '../objects/object-parameters.ts';
import type { Digests } from './digests.ts';
import { partBytesFor, type UploadLimits } from './limits.ts';

/** The content and the parameters of an object to upload. */
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
 * Reusable buffers of one size. The pool holds idle buffers weakly, so the garbage collector can free them
 * between uploads (15 MB measured). Without the pool, buffers of earlier uploads stay until the next
 * collection.
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

/** Returns the part size of the object. */
export function partBytesOf({ source, limits, maxParts }: UploadRequest): number {
  return partBytesFor(source.bytes, limits.partBytes, maxParts);
}

/** Returns whether the object needs only one request. */
export function fitsIntoOnePart(request: UploadRequest): boolean {
  return request.source.bytes <= partBytesOf(request);
}
