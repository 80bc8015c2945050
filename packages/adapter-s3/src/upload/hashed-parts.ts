import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { BackupError, throwIfAborted, type ByteRange, type ReadingOptions } from '@geolens/backup-core';
import { placeOf } from '../s3-errors.ts';
import { partBytesOf, type UploadRequest } from './upload-request.ts';

/** A part of a source, read and hashed. */
export interface Part {
  /** Index, starting at 0. */
  readonly index: number;
  readonly bytes: number;
  readonly digest: Buffer;
  /** Returns the bytes at each call: the hashed bytes, or those of a large part, which is read again. */
  body(): Buffer | Readable;
}

/**
 * Reads the source of an upload once, part by part and in order, for workers that send in parallel. So the
 * SHA-256 of the whole is that of the bytes sent.
 */
export class HashedParts {
  readonly count: number;
  /** Digest of each part read so far. */
  readonly digests: Buffer[] = [];
  private readonly request: UploadRequest;
  private readonly partBytes: number;
  private readonly whole = createHash('sha256');
  private turn: Promise<unknown> = Promise.resolve();
  private index = 0;

  constructor(request: UploadRequest) {
    this.request = request;
    this.partBytes = partBytesOf(request);
    this.count = Math.max(1, Math.ceil(request.source.bytes / this.partBytes));
  }

  /**
   * Calls `work` with each part that no other worker has taken, one after the other.
   * @throws BackupError ARTIFACT_MISMATCH if length or SHA-256 of the source differ from the announced ones
   */
  async each(work: (part: Part) => Promise<void> = () => Promise.resolve()): Promise<void> {
    const { limits, buffers, source } = this.request;
    const eachIn = async (buffer?: Buffer): Promise<void> => {
      for (let part = await this.next(buffer); part !== undefined; part = await this.next(buffer))
        await work(part);
    };
    if (this.partBytes <= limits.bufferedPartBytes) await buffers.use(eachIn);
    // A content that can be read once is kept until it is sent: large parts of it need memory.
    else await eachIn(source.once === true ? Buffer.allocUnsafeSlow(this.partBytes) : undefined);
  }

  /**
   * Returns the next part; `undefined` after the last one.
   * @param buffer receives the bytes, which stay valid until its next use
   */
  private next(buffer: Buffer | undefined): Promise<Part | undefined> {
    const step = this.turn.then(() => this.read(buffer));
    this.turn = step.catch(() => undefined);
    return step;
  }

  private async read(buffer: Buffer | undefined): Promise<Part | undefined> {
    if (this.index === this.count) return undefined;
    const { source, digests, signal } = this.request;
    const index = this.index++;
    const start = index * this.partBytes;
    const range = { start, end: Math.min(start + this.partBytes, source.bytes) };
    const bytes = range.end - range.start;
    const hash = createHash(digests.algorithm);
    let length = 0;
    for await (const chunk of this.open(range, { reuseBuffer: true })) {
      throwIfAborted(signal);
      if (length + chunk.length > bytes) throw this.mismatch(`more than ${source.bytes} bytes`);
      buffer?.set(chunk, length);
      hash.update(chunk);
      this.whole.update(chunk);
      length += chunk.length;
    }
    if (length < bytes) throw this.mismatch(`only ${start + length} bytes`);
    if (index === this.count - 1) {
      const found = this.whole.digest('hex');
      if (found !== source.sha256) throw this.mismatch(`the SHA-256 ${found}`);
    }
    const digest = hash.digest();
    this.digests[index] = digest;
    const body = (): Buffer | Readable =>
      buffer?.subarray(0, bytes) ?? Readable.from(this.open(range), { objectMode: false });
    return { index, bytes, digest, body };
  }

  /** Opens a source of one part without an end, to detect a source longer than announced. */
  private open(range: ByteRange, options?: ReadingOptions): AsyncIterable<Uint8Array> {
    return this.request.source.open(this.count === 1 ? undefined : range, options);
  }

  private mismatch(found: string): BackupError {
    const { bucket, key, source } = this.request;
    return new BackupError(
      'ARTIFACT_MISMATCH',
      `${placeOf({ bucket: bucket.name, key })}: ${source.bytes} bytes with SHA-256 ${source.sha256} were announced, but ${found} came`,
      { hint: 'Check the disk that it was read from' },
    );
  }
}
