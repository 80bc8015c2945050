import type { ArtifactKey } from '../model/artifact-key.ts';
import type { Tier } from '../model/tier.ts';
import type { ReplicaRecords } from './replica-records.ts';

/** A part of an artifact: bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  /** The first byte, counted from 0. */
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

/** How an artifact is read. */
export interface ReadingOptions {
  /**
   * True: the reader is done with a chunk when it asks for the next one, which may then come in the same
   * memory: sending large artifacts takes a third less of the processor so. Otherwise a chunk stays as it is
   * for as long as the reader wants.
   */
  readonly reuseBuffer?: boolean | undefined;
  /** The reading fails if the artifact has another tag by then. Stores that only this program writes to ignore it. */
  readonly tag?: string | undefined;
}

/** Bytes that can be read as often as wanted. */
export interface ArtifactContent {
  /** Length in bytes. */
  readonly bytes: number;
  /** The file of this machine that has them, for programs that read files; absent if they come from elsewhere. */
  readonly path?: string | undefined;
  /**
   * Reads all bytes, or those of the range; chunks may have any size. May be called several times, also at
   * once.
   */
  open(range?: ByteRange, options?: ReadingOptions): AsyncIterable<Uint8Array>;
}

/** Content whose SHA-256 is known beforehand: it can be compared with what arrived. */
export interface ArtifactSource extends ArtifactContent {
  /** SHA-256 of all bytes, 64 lower-case hex digits. */
  readonly sha256: string;
}

/** One entry of a listing. */
export interface StoredArtifact {
  readonly key: ArtifactKey;
  /** Length in bytes. */
  readonly bytes: number;
  /**
   * Another one whenever the artifact was replaced, and the same as long as it was not; absent where the
   * store has none.
   */
  readonly tag?: string | undefined;
}

/** What every operation of a store takes. */
export interface StoreOptions {
  /**
   * Stops the operation, which then fails with ABORTED, or with the signal’s reason when that is a
   * BackupError.
   */
  readonly signal?: AbortSignal | undefined;
}

/** An artifact whose bytes a store has, under no name yet: nobody sees it. */
export interface StagedUpload {
  /**
   * Gives it its name, replacing what is there; it promises what `put` does and fails as `put` does, for the
   * signal of `send` too: then nothing is left of what was sent. Called once.
   */
  complete(): Promise<void>;

  /**
   * Throws it away. Safe to call twice, and after `complete`, where it does nothing. What cannot be thrown
   * away is left to `clean-up`.
   */
  discard(): Promise<void>;
}

/** What a store does natively. An absent function is a capability that it lacks. */
export interface StoreCapabilities {
  /** Returns the file of this machine in which an artifact lies, or would lie. */
  readonly localFiles?: ((key: ArtifactKey) => string) | undefined;
  /**
   * Uploads the bytes of an artifact and compares them with the source without making it visible. Returns
   * `undefined` if nothing is gained, as with a short artifact: then it is `put` when its set is complete. A
   * rejection leaves nothing.
   */
  readonly stagedUpload?:
    | ((
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ) => Promise<StagedUpload | undefined>)
    | undefined;
  /** Whether `copy` moves no byte through this process. */
  readonly serverSideCopy: boolean;
}

/**
 * A place where sets live: a folder, a bucket. It holds artifacts under keys and knows nothing of sets.
 *
 * - An artifact is visible (to `list` and `read`) whole or not at all. A `put` or `copy` that fails, is
 *   aborted or
 *   loses its process leaves what was under the key before: the old artifact, or nothing.
 * - After `put` or `copy` resolved, the artifact survives a crash of the machine.
 * - Files that are not artifacts of ours may lie in the same place; they may be listed, but are never
 *   changed.
 * - Failures are BackupErrors that name the store and the key and keep their cause.
 */
export interface ArtifactStore {
  /** How people call it: `local`, `s3`. */
  readonly name: string;

  /** What it does natively, besides the operations of every store. */
  readonly capabilities: StoreCapabilities;

  /**
   * What this installation knows of its artifacts, if others can write to it: then only that counts as
   * checked. `put`, `copy` and staged uploads record what they compared, `remove` that it is gone.
   */
  readonly records?: ReplicaRecords | undefined;

  /** All artifacts of a tier, in any order. A tier that was never written to is empty, not an error. */
  list(tier: Tier, options?: StoreOptions): AsyncIterable<StoredArtifact>;

  /**
   * Reads an artifact. Fails with ARTIFACT_NOT_FOUND, at the first chunk at the latest, when there is none.
   */
  read(
    key: ArtifactKey,
    range?: ByteRange,
    options?: StoreOptions & ReadingOptions,
  ): AsyncIterable<Uint8Array>;

  /**
   * Stores an artifact, replacing the one of that key if there is one. What was received is compared with the
   * length and the SHA-256 of the source: a difference is an ARTIFACT_MISMATCH.
   */
  put(key: ArtifactKey, source: ArtifactSource, options?: StoreOptions): Promise<void>;

  /**
   * Makes the artifact `from` also stand under `to`, replacing what is there, as cheaply as the store can: a
   * hard link, a copy on the server, else byte by byte. Fails with ARTIFACT_NOT_FOUND when `from` is not
   * there.
   */
  copy(from: ArtifactKey, to: ArtifactKey, options?: StoreOptions): Promise<void>;

  /** Removes an artifact. One that is not there is no error. */
  remove(key: ArtifactKey, options?: StoreOptions): Promise<void>;

  /**
   * Removes what processes that died in `put`, `copy`, a staged upload or a transaction left behind, and nothing
   * else. The caller holds the lock, so no other living process has such work open; what this one is sending
   * stays. Answers what was removed, for people to read.
   */
  cleanUp(options?: StoreOptions): Promise<readonly string[]>;
}
