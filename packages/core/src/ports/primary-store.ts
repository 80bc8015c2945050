import type { ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactSource, ArtifactStore, StoreOptions } from './artifact-store.ts';

/**
 * A complete artifact on disk that is not visible before the commit. It can be read and checked before,
 * during and after the commit. `sha256` is the checksum of the bytes as their producer emitted them.
 */
export interface WrittenArtifact extends ArtifactSource {
  readonly key: ArtifactKey;
}

/** A set that is being written. Its artifacts become visible together. */
export interface SetTransaction {
  /**
   * Writes a stream of content. The caller may write several artifacts concurrently, also the first ones of a
   * store. Rejects if the content fails, with that error or with it as the cause. Also rejects if the signal
   * fires or the volume is full (STORE_FULL). A rejection leaves nothing of this artifact.
   */
  write(
    key: ArtifactKey,
    content: AsyncIterable<Uint8Array>,
    options?: StoreOptions,
  ): Promise<WrittenArtifact>;

  /**
   * Makes written artifacts visible in the given order, and durable. All or nothing: if one fails, the store
   * takes the previous ones back. If the process dies meanwhile, `clean-up` takes them back. The caller calls
   * it once.
   * @throws TypeError if this transaction did not write one of the keys
   * @throws BackupError ARTIFACT_EXISTS if an artifact exists under one of the keys
   * @throws BackupError NOT_CONFIRMED if the disk neither confirms the names nor takes them back; only then
   * all of them are visible
   */
  commit(keys: readonly ArtifactKey[]): Promise<void>;

  /**
   * Removes what was written and not committed. Safe to call twice. Never fails: `clean-up` removes the rest.
   */
  rollback(): Promise<void>;
}

/** The store in which a run creates its set. Replicas receive copies of it. */
export interface PrimaryStore extends ArtifactStore {
  /** Begins a transaction. Nothing has to be ended if nothing was written. */
  begin(): SetTransaction;
}
