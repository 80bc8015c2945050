import { createHash } from 'node:crypto';
import type { ArtifactKey, ReplicaRecord, ReplicaRecords } from '@geolens/backup-core';
import { errnoOf, readOwnFile, storeError } from '@geolens/backup-system';
import { replaceFile } from './store/replace-file.ts';

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
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async read(): Promise<ReadonlyMap<ArtifactKey, ReplicaRecord>> {
    try {
      const records: unknown = JSON.parse((await readOwnFile(this.path, LARGEST_BYTES)).toString());
      return new Map(Object.entries(records ?? {}).filter(isRecord));
    } catch (error) {
      if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT') return new Map();
      throw storeError(error, 'reading what is known of a replica', { path: this.path });
    }
  }

  async update(change: ReadonlyMap<ArtifactKey, ReplicaRecord | undefined>): Promise<void> {
    const records = new Map<ArtifactKey, ReplicaRecord | undefined>([...(await this.read()), ...change]);
    try {
      await replaceFile(this.path, `${JSON.stringify(Object.fromEntries(records))}\n`);
    } catch (error) {
      throw storeError(error, 'noting what a replica has', { path: this.path });
    }
  }
}

function isRecord(entry: [string, unknown]): entry is [ArtifactKey, ReplicaRecord] {
  const { tag, sha256, at } = (entry[1] ?? {}) as Partial<ReplicaRecord>;
  return [tag, sha256, at].every((value) => typeof value === 'string');
}
