import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  BackupError,
  throwIfAborted,
  type ArtifactSource,
  type ByteRange,
  type ReadingOptions,
} from '@geolens/backup-core';
import type { Digests } from './digests.ts';

/** A part of a source that was read and hashed. */
export interface Part {
  /** From 0. */
  readonly index: number;
  readonly bytes: number;
  readonly digest: Buffer;
  /**
   * The bytes, as often as they are asked for: the very ones that were hashed, or, of a large part, read once
   * more.
   */
  body(): Buffer | Readable;
}

export interface PartReading {
  readonly partBytes: number;
  /** Larger parts are not kept in memory. */
  readonly bufferedPartBytes: number;
  readonly algorithm: Digests['algorithm'];
  /** The key, for messages. */
  readonly label: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads a source part by part, in their order and each once, for workers that send them side by side: so the
 * SHA-256 of the whole is that of the very bytes that were sent.
 */
export class HashedParts {
  readonly count: number;
  /** Of each part read so far. */
  readonly digests: Buffer[] = [];
  private readonly source: ArtifactSource;
  private readonly reading: PartReading;
  private readonly whole = createHash('sha256');
  private turn: Promise<unknown> = Promise.resolve();
  private index = 0;

  constructor(source: ArtifactSource, reading: PartReading) {
    this.source = source;
    this.reading = reading;
    this.count = Math.max(1, Math.ceil(source.bytes / reading.partBytes));
  }

  /**
   * The next part, or undefined behind the last one.
   * @param buffer where its bytes are kept; they stay valid until it is used again
   * @throws BackupError ARTIFACT_MISMATCH when the source is shorter or longer than it says, or, at the last
   * part, has another SHA-256
   */
  next(buffer: Buffer): Promise<Part | undefined> {
    const step = this.turn.then(() => this.read(buffer));
    this.turn = step.catch(() => undefined);
    return step;
  }

  /** Whether parts are kept in memory. If so, `next` takes buffers of `partBytes`, otherwise empty ones. */
  get bufferBytes(): number {
    const { partBytes, bufferedPartBytes } = this.reading;
    return partBytes > bufferedPartBytes ? 0 : partBytes;
  }

  private async read(buffer: Buffer): Promise<Part | undefined> {
    if (this.index === this.count) return undefined;
    const { partBytes, algorithm, signal } = this.reading;
    const index = this.index++;
    const start = index * partBytes;
    const range = { start, end: Math.min(start + partBytes, this.source.bytes) };
    const bytes = range.end - range.start;
    const hash = createHash(algorithm);
    let length = 0;
    for await (const chunk of this.open(range, { reuseBuffer: true })) {
      throwIfAborted(signal);
      if (length + chunk.length > bytes) throw this.mismatch(`more than ${this.source.bytes} bytes`);
      if (buffer.length > 0) buffer.set(chunk, length);
      hash.update(chunk);
      this.whole.update(chunk);
      length += chunk.length;
    }
    if (length < bytes) throw this.mismatch(`only ${start + length} bytes`);
    if (index === this.count - 1) this.compare();
    const digest = hash.digest();
    this.digests[index] = digest;
    return {
      index,
      bytes,
      digest,
      body: () =>
        buffer.length > 0
          ? buffer.subarray(0, bytes)
          : Readable.from(this.open(range), { objectMode: false }),
    };
  }

  /**
   * A source of one part is read to its end, wherever that is: so one that is longer than it says is found
   * out.
   */
  private open(range: ByteRange, options?: ReadingOptions): AsyncIterable<Uint8Array> {
    return this.source.open(this.count === 1 ? undefined : range, options);
  }

  private compare(): void {
    const found = this.whole.digest('hex');
    if (found !== this.source.sha256) throw this.mismatch(`the SHA-256 ${found}`);
  }

  private mismatch(found: string): BackupError {
    const { bytes, sha256 } = this.source;
    return new BackupError(
      'ARTIFACT_MISMATCH',
      `${this.reading.label}: ${bytes} bytes with SHA-256 ${sha256} were announced, but ${found} came`,
      { hint: 'Check the disk that it was read from' },
    );
  }
}
