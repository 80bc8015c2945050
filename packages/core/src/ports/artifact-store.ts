import type { ArtifactKey } from '../model/artifact-key.ts';
import type { Tier } from '../model/tier.ts';
import type { TrustPolicy } from '../model/trust.ts';
import type { ReplicaRecords } from './replica-records.ts';

/** A part of an artifact: the bytes from `start` up to, but not including, `end`. */
export interface ByteRange {
  /** Offset of the first byte, counted from 0. */
  readonly start: number;
  /** Offset after the last byte. */
  readonly end: number;
}

/** Options for reading an artifact. */
export interface ReadingOptions {
  /**
   * Whether the store may reuse the memory of a chunk for the next one. The reader then must finish with a
   * chunk before it requests the next. This takes a third less processor time for large artifacts. Defaults
   * to false: a chunk stays valid for as long as the reader keeps it.
   */
  readonly reuseBuffer?: boolean | undefined;
  /**
   * Expected tag. The read fails if the artifact has another tag by then. Stores that only this program
   * writes to ignore it.
   */
  readonly tag?: string | undefined;
}

/** Bytes that can be read any number of times. */
export interface ArtifactContent {
  /** Length in bytes. */
  readonly bytes: number;
  /**
   * Path of a local file with the bytes, for programs that read files. `undefined` if the bytes come from
   * elsewhere.
   */
  readonly path?: string | undefined;
  /**
   * Whether the content is made while it is read: it can be opened at its start only, and once. Further
   * ranges must follow each other without a gap. Defaults to false.
   */
  readonly once?: boolean | undefined;
  /**
   * Reads all bytes, or those of the range. Chunks may have any size. The caller may open the content several
   * times, also concurrently.
   */
  open(range?: ByteRange, options?: ReadingOptions): AsyncIterable<Uint8Array>;
}

/** Content with a known SHA-256. Stores compare the received bytes with it. */
export interface ArtifactSource extends ArtifactContent {
  /**
   * SHA-256 of all bytes, 64 lower-case hex digits. Of a content that is made while it is read, it is known
   * after the last byte: stores ask for it then.
   */
  readonly sha256: string;
}

/** One entry of a listing. */
export interface StoredArtifact {
  readonly key: ArtifactKey;
  /** Length in bytes. */
  readonly bytes: number;
  /**
   * Tag of this version of the artifact. It changes whenever the artifact is replaced, and only then.
   * `undefined` if the store has no tags.
   */
  readonly tag?: string | undefined;
}

/** Options of every store operation. */
export interface StoreOptions {
  /**
   * Stops the operation. The operation then fails with ABORTED, or with the signal's reason if that is a
   * BackupError.
   */
  readonly signal?: AbortSignal | undefined;
}

/** An uploaded artifact that is not visible yet because it has no name. */
export interface StagedUpload {
  /**
   * Makes the artifact visible under its key and replaces an existing one. Gives the guarantees of `put` and
   * fails as `put` does. It also fails if the signal passed to `stagedUpload` has fired. A failure leaves
   * nothing of the upload. The caller calls it once.
   */
  complete(): Promise<void>;

  /**
   * Discards the upload. Safe to call twice. Does nothing after `complete`. `clean-up` removes what cannot be
   * discarded.
   */
  discard(): Promise<void>;
}

/** How a store encrypts. */
export interface StoreEncryption {
  /** The store beneath. It takes sets that are encrypted already as they are. */
  readonly store: ArtifactStore;
  /** Fingerprints of the recipients. Empty if what is put stays plain. */
  readonly recipients: readonly string[];
}

/** Native capabilities of a store. `undefined` marks a missing capability. */
export interface StoreCapabilities {
  /** Returns the path of the local file that holds an artifact, or would hold it. */
  readonly localFiles?: ((key: ArtifactKey) => string) | undefined;
  /**
   * Uploads the bytes of an artifact and verifies them without making the artifact visible. Returns
   * `undefined` if staging saves nothing, as with a short artifact. The caller then uses `put` once the set
   * is complete. The answer depends on the length alone: what the store stages once, it stages again. A
   * rejection leaves nothing behind.
   */
  readonly stagedUpload?:
    | ((
        key: ArtifactKey,
        source: ArtifactSource,
        options?: StoreOptions,
      ) => Promise<StagedUpload | undefined>)
    | undefined;
  /** Present if the store encrypts what is put. */
  readonly encryption?: StoreEncryption | undefined;
  /** Whether `copy` transfers no bytes through this process. */
  readonly serverSideCopy: boolean;
}

/**
 * A place for backup sets, such as a folder or a bucket. It holds artifacts under keys and has no notion of
 * sets.
 *
 * - An artifact is visible to `list` and `read` completely or not at all.
 * - A `put` or `copy` changes nothing under the key if it fails, is aborted or loses its process. The old
 *   artifact stays, or the key stays empty.
 * - After `put` or `copy` resolves, the artifact survives a crash of the machine.
 * - An artifact may be empty. Its name may have all characters of file names: blanks, quotes, `%`, letters of
 *   any script, a leading dot.
 * - A key outside the two tiers, or with a further folder, is rejected and changes nothing.
 * - Foreign files may exist in the same place. The store may list them, but never changes them.
 * - Failures are BackupErrors that name the store and the key and keep their cause.
 */
export interface ArtifactStore {
  /** Name for operators: `local`, `s3`. */
  readonly name: string;

  /** Capabilities beyond the operations of every store. */
  readonly capabilities: StoreCapabilities;

  /**
   * Records of this installation about the artifacts of a store that others can write to. Only recorded
   * artifacts count as checked. `put`, `copy` and staged uploads record what they verified. `remove` removes
   * the record. `undefined` if only this program can write to the store.
   */
  readonly records?: ReplicaRecords | undefined;

  /**
   * Judges the signatures of the manifests in this store. `undefined` if signatures are ignored: all sets are
   * then trusted alike.
   */
  readonly trust?: TrustPolicy | undefined;

  /**
   * Lists each artifact of a tier once, in any order. A tier without any writes is empty and causes no error.
   */
  list(tier: Tier, options?: StoreOptions): AsyncIterable<StoredArtifact>;

  /**
   * Reads an artifact, or the range of it. The caller may stop after any chunk.
   * @throws BackupError ARTIFACT_NOT_FOUND, at the first chunk at the latest, if it does not exist
   */
  read(
    key: ArtifactKey,
    range?: ByteRange,
    options?: StoreOptions & ReadingOptions,
  ): AsyncIterable<Uint8Array>;

  /**
   * Stores an artifact and replaces an existing one of that key.
   * @throws BackupError ARTIFACT_MISMATCH if the received bytes differ from the source in length or SHA-256
   */
  put(key: ArtifactKey, source: ArtifactSource, options?: StoreOptions): Promise<void>;

  /**
   * Copies the artifact `from` to `to` and replaces an existing one. Uses the cheapest way of the store: a
   * hard link, a copy on the server, or a transfer of all bytes. The copy stays as it is when the caller
   * replaces or removes the original. Copying the same artifact again changes nothing.
   * @throws BackupError ARTIFACT_NOT_FOUND if `from` does not exist
   */
  copy(from: ArtifactKey, to: ArtifactKey, options?: StoreOptions): Promise<void>;

  /** Removes an artifact. Does nothing if it does not exist. */
  remove(key: ArtifactKey, options?: StoreOptions): Promise<void>;

  /**
   * Removes only what dead processes left of a `put`, `copy`, staged upload or transaction. The caller holds
   * the lock, so no other living process has such work open. Uploads of this process stay. Returns
   * descriptions of what it removed, for the operator; empty if there was nothing to remove.
   */
  cleanUp(options?: StoreOptions): Promise<readonly string[]>;
}
