import { rm } from 'node:fs/promises';
import type { ArtifactKey, ByteRange, Draft, ReadingOptions } from '@geolens/backup-core';
import { readFile } from './read-file.ts';
import type { Written } from './write-durably.ts';

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

  open(range?: ByteRange, options?: ReadingOptions): AsyncIterable<Uint8Array> {
    return readFile(this.path, range, options);
  }

  /** Told by the store that the temporary name is gone. */
  markPublished(): void {
    this.published = true;
  }

  async discard(): Promise<void> {
    if (!this.published) await rm(this.path, { force: true });
  }
}
