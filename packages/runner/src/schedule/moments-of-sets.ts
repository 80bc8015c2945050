import { isWhole, readSets, timestampToDate, type ArtifactStore } from '@geolens/backup-core';

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
  return sets
    .filter((set) => set.database === database && isWhole(set))
    .map(({ timestamp }) => timestampToDate(timestamp));
}
