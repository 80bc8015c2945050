import type { ArtifactKey } from '../naming/artifact-key.ts';
import type { ArtifactSource, SentArtifact, StoreOptions } from '../ports/artifact-store.ts';
import { MemoryStore } from './memory-store.ts';

/** A store in memory that takes artifacts ahead of their set, as buckets do. */
export class SendingStore extends MemoryStore {
  /** How many artifacts were sent that are neither completed nor discarded. */
  openSends = 0;

  /** As ArtifactStore has it; however short an artifact is, it is sent. */
  async send(key: ArtifactKey, source: ArtifactSource, options: StoreOptions = {}): Promise<SentArtifact> {
    const content = await this.receive(key, source, options);
    let open = true;
    this.openSends += 1;
    const close = (): void => {
      if (open) this.openSends -= 1;
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
