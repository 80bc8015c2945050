import type { ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactSource, ArtifactStore, StoreOptions } from './artifact-store.ts';

/**
 * An artifact that is whole and on disk, but not yet visible: it can be read and checked before it gets its
 * name, and is read on while and after it gets it. `sha256` is that of the bytes as they came from their
 * maker, taken while they were written.
 */
export interface Draft extends ArtifactSource {
  readonly key: ArtifactKey;
  /** Throws the draft away. Safe to call twice, and after it was published, where it does nothing. */
  discard(): Promise<void>;
}

/**
 * The store in which a run makes its set. Others (replicas) receive copies of it.
 */
export interface PrimaryStore extends ArtifactStore {
  /**
   * Writes content that is still being made. When the content fails, the signal fires or the volume is full
   * (STORE_FULL), it rejects and leaves nothing.
   */
  draft(key: ArtifactKey, content: AsyncIterable<Uint8Array>, options?: StoreOptions): Promise<Draft>;

  /**
   * Makes drafts visible in the order given, and durable. All or nothing: when one cannot be published, those
   * before it are taken back. When the process dies in between, `clean-up` takes them back. Fails with
   * ARTIFACT_EXISTS when there is an artifact under one of the keys; with NOT_CONFIRMED, and only then, all
   * of them are visible all the same, because the disk would neither confirm the names nor take them back.
   */
  publish(drafts: readonly Draft[]): Promise<void>;
}
