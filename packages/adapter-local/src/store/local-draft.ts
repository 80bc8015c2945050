import { rm } from 'node:fs/promises';
import type { ArtifactKey, ByteRange, Draft, ReadingOptions } from '@geolens/backup-core';
import { readFile, errnoOf, type Written } from '@geolens/backup-system';

/** An artifact under a temporary name beside the one that it will get. */
export class LocalDraft implements Draft {
  readonly key: ArtifactKey;
  readonly bytes: number;
  readonly sha256: string;
  /** Where it lies until it is published. */
  readonly path: string;
  /** Where it lies from then on. */
  private readonly target: string;
  private published = false;

  constructor(key: ArtifactKey, path: string, target: string, written: Written) {
    this.key = key;
    this.path = path;
    this.target = target;
    this.bytes = written.bytes;
    this.sha256 = written.sha256;
  }

  /** It may get its name at any moment, also between this call and the first chunk. */
  async *open(range?: ByteRange, options?: ReadingOptions): AsyncGenerator<Uint8Array> {
    try {
      yield* readFile(this.path, range, options);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error; // which opening alone fails with
      yield* readFile(this.target, range, options);
    }
  }

  /** Told by the store that the temporary name is gone. */
  markPublished(): void {
    this.published = true;
  }

  async discard(): Promise<void> {
    if (!this.published) await rm(this.path, { force: true });
  }
}
