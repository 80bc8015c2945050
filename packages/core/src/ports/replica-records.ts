import type { ArtifactKey } from '../model/artifact-key.ts';
import type { Checks } from '../model/manifest.ts';

/** What this installation knows of an artifact that lies where others can write. */
export interface ReplicaRecord {
  /** The tag that the store lists while the artifact has these bytes. */
  readonly tag: string;
  /** SHA-256 of its bytes, 64 lower-case hex digits, compared when they were sent or read. */
  readonly sha256: string;
  /** When that was (ISO 8601, UTC). */
  readonly at: string;
  /** Of a manifest: the checks of its set that this installation made in this store. */
  readonly checks?: Checks | undefined;
}

/**
 * Remembers what was sent to a store and found there, on the volume, where only this program writes. Losing it
 * loses no backup: copies are then unverified until they are read again.
 */
export interface ReplicaRecords {
  /** Returns all records; none if there are none, or they make no sense. */
  read(): Promise<ReadonlyMap<ArtifactKey, ReplicaRecord>>;
  /** Replaces these records and leaves the others; `undefined` removes one. */
  update(change: ReadonlyMap<ArtifactKey, ReplicaRecord | undefined>): Promise<void>;
}

/** Records that last as long as the process. */
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
