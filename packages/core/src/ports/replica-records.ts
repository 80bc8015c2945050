import type { ArtifactKey } from '../model/artifact-key.ts';
import type { Checks, ContentDigest } from '../model/manifest.ts';

/** Record of an artifact in a store that others can write to. */
export interface ReplicaRecord {
  /** The tag that the store lists as long as the artifact has these bytes. */
  readonly tag: string;
  /** SHA-256 of its bytes, 64 lower-case hex digits, verified when they were uploaded or read. */
  readonly sha256: string;
  /** Of an encrypted artifact: length and digest of its plain text. */
  readonly plain?: ContentDigest | undefined;
  /** Time of that verification, ISO 8601, UTC. */
  readonly at: string;
  /** For a manifest: the checks of its set by this installation in this store. */
  readonly checks?: Checks | undefined;
}

/**
 * Remembers, on the local volume, what this program uploaded to a store and verified there. Only this program
 * writes to the volume. Losing the records loses no backup: copies are unverified until this program reads
 * them again.
 */
export interface ReplicaRecords {
  /** Returns all records. Empty if there are none or they are not usable. */
  read(): Promise<ReadonlyMap<ArtifactKey, ReplicaRecord>>;
  /** Replaces the given records and keeps the others. `undefined` removes a record. */
  update(change: ReadonlyMap<ArtifactKey, ReplicaRecord | undefined>): Promise<void>;
}

/** Records in memory, for the lifetime of the process. */
export class MemoryRecords implements ReplicaRecords {
  private readonly records = new Map<ArtifactKey, ReplicaRecord>();

  read(): Promise<ReadonlyMap<ArtifactKey, ReplicaRecord>> {
    return Promise.resolve(this.records);
  }

  update(change: ReadonlyMap<ArtifactKey, ReplicaRecord | undefined>): Promise<void> {
    for (const [key, record] of change) {
      if (record === undefined) this.records.delete(key);
      else this.records.set(key, record);
    }
    return Promise.resolve();
  }
}
