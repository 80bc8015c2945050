import { createHash } from 'node:crypto';
import type { ArtifactKey, ReplicaRecord, ReplicaRecords } from '@geolens/backup-core';
import { OwnJsonFile } from './store/own-json-file.ts';

/** Maximum size of a records file, in bytes: an artifact needs about 300, and a store has at most 50,000. */
const LARGEST_BYTES = 64 * 1024 * 1024;

/**
 * Returns the name of the records file of a store.
 * @param place location of the store; each bucket has its own records
 */
export function recordsName(store: string, place: string): string {
  const digest = createHash('sha256').update(place).digest('hex');
  return `.geolens-backup.replica.${store}.${digest.slice(0, 16)}.json`;
}

/** Records in one JSON file, replaced as a whole. The caller of `update` holds the lock of the volume. */
export class FileRecords implements ReplicaRecords {
  private readonly file: OwnJsonFile;

  constructor(path: string) {
    this.file = new OwnJsonFile(path, {
      reading: 'reading what is known of a replica',
      writing: 'noting what a replica has',
      largestBytes: LARGEST_BYTES,
    });
  }

  async read(): Promise<ReadonlyMap<ArtifactKey, ReplicaRecord>> {
    return new Map(Object.entries(await this.file.read()).filter(isRecord));
  }

  async update(change: ReadonlyMap<ArtifactKey, ReplicaRecord | undefined>): Promise<void> {
    await this.file.replace(Object.fromEntries([...(await this.read()), ...change]));
  }
}

function isRecord(entry: [string, unknown]): entry is [ArtifactKey, ReplicaRecord] {
  const { tag, sha256, at } = (entry[1] ?? {}) as Partial<ReplicaRecord>;
  return [tag, sha256, at].every((value) => typeof value === 'string');
}
