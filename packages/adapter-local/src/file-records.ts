import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ArtifactKey, ReplicaRecord, ReplicaRecords } from '@geolens/backup-core';
import { errnoOf, storeError } from '@geolens/backup-system';
import { replaceFile } from './store/replace-file.ts';

/**
 * Returns the name of the file of a store's records.
 * @param place where the store is: another bucket has other records
 */
export function recordsName(store: string, place: string): string {
  const digest = createHash('sha256').update(place).digest('hex');
  return `.geolens-backup.replica.${store}.${digest.slice(0, 16)}.json`;
}

/** Records in one JSON file, replaced as a whole. The caller holds the lock of the volume when it writes. */
export class FileRecords implements ReplicaRecords {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async read(): Promise<ReadonlyMap<ArtifactKey, ReplicaRecord>> {
    try {
      const records = JSON.parse(await readFile(this.path, 'utf8')) as Record<ArtifactKey, ReplicaRecord>;
      return new Map(Object.entries(records) as [ArtifactKey, ReplicaRecord][]);
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
