import type { ArtifactKey } from '../model/artifact-key.ts';
import type {
  ArtifactSource,
  StagedUpload,
  StoreCapabilities,
  StoreOptions,
} from '../ports/artifact-store.ts';
import { MemoryStore } from './memory-store.ts';

/** A store in memory with staged uploads, as in buckets. */
export class StagedUploadStore extends MemoryStore {
  /** Number of uploads that are neither completed nor discarded. */
  openUploads = 0;
  override readonly capabilities: StoreCapabilities = {
    serverSideCopy: true,
    stagedUpload: (...args) => this.stageUpload(...args),
  };

  /** Uploads artifacts of any length. */
  async stageUpload(
    key: ArtifactKey,
    source: ArtifactSource,
    options: StoreOptions = {},
  ): Promise<StagedUpload> {
    const content = await this.receive(key, source, options);
    let open = true;
    this.openUploads += 1;
    const close = (): void => {
      if (open) this.openUploads -= 1;
      open = false;
    };
    return {
      complete: () => {
        close();
        this.set(key, content);
        return Promise.resolve();
      },
      discard: () => {
        close();
        return Promise.resolve();
      },
    };
  }
}
