import { isWhole, readSets, timestampToDate, type ArtifactStore, type BackupSet } from '@geolens/backup-core';

/**
 * When runs have made sets of a database that are there whole; those of other databases in the same store say
 * nothing of ours.
 */
export async function momentsOfSets(
  store: ArtifactStore,
  database: string,
  signal?: AbortSignal,
): Promise<readonly Date[]> {
  const sets = await readSets(store, { signal });
  return momentsOf(sets.filter((set) => set.database === database));
}

/** Returns the moments in the names of those sets that are whole. */
export function momentsOf(sets: readonly BackupSet[]): readonly Date[] {
  return sets.filter(isWhole).map(({ timestamp }) => timestampToDate(timestamp));
}
