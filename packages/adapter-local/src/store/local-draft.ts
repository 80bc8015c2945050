import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { ArtifactKey, ByteRange, Draft } from '@geolens/backup-core';
import type { Written } from './write-durably.ts';

/** Large enough to cost little, small enough to be held for several files at once. */
const READ_BYTES = 64 * 1024;

/** An artifact under a temporary name beside the one that it will get. */
export class LocalDraft implements Draft {
  readonly key: ArtifactKey;
  readonly bytes: number;
  readonly sha256: string;
  /** Where it lies now. */
  readonly path: string;
  private published = false;

  constructor(key: ArtifactKey, path: string, written: Written) {
    this.key = key;
    this.path = path;
    this.bytes = written.bytes;
    this.sha256 = written.sha256;
  }

  open(range?: ByteRange): AsyncIterable<Uint8Array> {
    return readFile(this.path, range);
  }

  /** Told by the store that the temporary name is gone. */
  markPublished(): void {
    this.published = true;
  }

  async discard(): Promise<void> {
    if (!this.published) await rm(this.path, { force: true });
  }
}

/**
 * Reads a file, or a range of it, in chunks. The file is opened with the first chunk, not before: a stream that fails while
 * nobody listens would end the process.
 */
export async function* readFile(path: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
  if (range !== undefined && range.end <= range.start) return;
  const part = range === undefined ? {} : { start: range.start, end: range.end - 1 };
  yield* createReadStream(path, { highWaterMark: READ_BYTES, ...part }) as AsyncIterable<Uint8Array>;
}
