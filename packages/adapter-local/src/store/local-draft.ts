import { close, open, read } from 'node:fs';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ArtifactKey, ByteRange, Draft } from '@geolens/backup-core';
import type { Written } from './write-durably.ts';

/** Large enough to cost little, small enough to be held for several files at once. */
const READ_BYTES = 64 * 1024;

/** Enough for most manifests, of which there may be ten thousand to read. */
const FIRST_BYTES = 16 * 1024;

const [openFile, readBytes, closeFile] = [promisify(open), promisify(read), promisify(close)];

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
 * Reads a file, or a range of it, in chunks. The file is opened with the first chunk, not before. Without a stream: to make one for each
 * of ten thousand manifests takes longer than all else.
 */
export async function* readFile(path: string, { start, end }: ByteRange = { start: 0, end: Infinity }): AsyncGenerator<Uint8Array> {
  if (end <= start) return;
  const fd = await openFile(path, 'r');
  try {
    for (let at = start, size = FIRST_BYTES; at < end; size = READ_BYTES) {
      const wanted = Math.min(size, end - at);
      const { bytesRead, buffer } = await readBytes(fd, Buffer.allocUnsafe(wanted), 0, wanted, at);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await closeFile(fd);
  }
}
