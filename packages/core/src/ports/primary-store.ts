import type { ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactSource, ArtifactStore, StoreOptions } from './artifact-store.ts';

/**
 * An artifact that is whole and on disk, but not visible before the commit: it can be read and checked before,
 * while and after it gets its name. `sha256` is that of the bytes as they came from their maker.
 */
export interface WrittenArtifact extends ArtifactSource {
  readonly key: ArtifactKey;
}

/** A set that is being written: its artifacts become visible together. */
export interface SetTransaction {
  /**
   * Writes content that is still being made. Several may be written at once. When the content fails, the
   * signal fires or the volume is full (STORE_FULL), it rejects and leaves nothing of this artifact.
   */
  write(
    key: ArtifactKey,
    content: AsyncIterable<Uint8Array>,
    options?: StoreOptions,
  ): Promise<WrittenArtifact>;

  /**
   * Makes artifacts that were written visible in the order given, and durable. All or nothing: if one cannot
   * be made visible, those before it are taken back. If the process dies in between, `clean-up` takes them
   * back. Called once.
   * @throws BackupError ARTIFACT_EXISTS if there is an artifact under one of the keys; NOT_CONFIRMED, and only
   *   then all of them are visible, if the disk would neither confirm the names nor take them back
   */
  commit(keys: readonly ArtifactKey[]): Promise<void>;

  /**
   * Removes what was written and not committed. Safe to call twice, and never fails: what cannot be removed is
   * left to `clean-up`.
   */
  rollback(): Promise<void>;
}

/** The store in which a run makes its set. Others (replicas) receive copies of it. */
export interface PrimaryStore extends ArtifactStore {
  begin(): SetTransaction;
}
