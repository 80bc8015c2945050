import type { ArtifactKey } from '../model/artifact-key.ts';
import type { StoreOptions } from './artifact-store.ts';
import type { SetTransaction, WrittenArtifact } from './primary-store.ts';

/** A written artifact that can remove itself. `discard` does nothing after the publication. */
export interface Draft extends WrittenArtifact {
  /** Removes the artifact unless it was published. */
  discard(): Promise<void>;
}

/** Store operations on single drafts. */
export interface DraftStore<D extends Draft> {
  /** Writes an artifact under a temporary name. */
  draft(key: ArtifactKey, content: AsyncIterable<Uint8Array>, options?: StoreOptions): Promise<D>;
  /** Gives drafts their names, in this order, all or none. */
  publish(drafts: readonly D[]): Promise<void>;
}

/** A transaction for stores that write each artifact under a temporary name. */
export class DraftTransaction<D extends Draft> implements SetTransaction {
  private readonly store: DraftStore<D>;
  private readonly drafts: D[] = [];

  constructor(store: DraftStore<D>) {
    this.store = store;
  }

  async write(key: ArtifactKey, content: AsyncIterable<Uint8Array>, options?: StoreOptions): Promise<D> {
    const draft = await this.store.draft(key, content, options);
    this.drafts.push(draft);
    return draft;
  }

  async commit(keys: readonly ArtifactKey[]): Promise<void> {
    const wanted = keys.flatMap((key) => this.drafts.find((draft) => draft.key === key) ?? []);
    if (wanted.length < keys.length) throw new TypeError('a commit names what its transaction has written');
    await this.store.publish(wanted);
  }

  async rollback(): Promise<void> {
    await Promise.allSettled(this.drafts.map((draft) => draft.discard()));
  }
}
