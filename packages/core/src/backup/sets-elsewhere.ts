import { errorText, throwIfAborted } from '../base/errors.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { readSets } from '../catalog/read-sets.ts';

export interface SetsElsewhere {
  /** Those of the database in the first replica that has complete ones, newest first; empty when none has. */
  readonly sets: readonly BackupSet[];
  /** Which replicas could not be asked, and why. */
  readonly problems: readonly string[];
}

/**
 * What replicas have of a database of which the volume has nothing. A new volume may be that of a machine
 * that replaces another: then its first set, perhaps of a database that nobody has restored yet, is to be
 * measured by what the old one has left.
 */
export async function setsElsewhere(
  replicas: readonly ArtifactStore[],
  database: string,
  signal: AbortSignal,
): Promise<SetsElsewhere> {
  const problems: string[] = [];
  for (const replica of replicas) {
    try {
      const sets = (await readSets(replica, { signal })).filter((set) => set.database === database);
      if (sets.some(({ state }) => state === 'complete')) return { sets, problems };
    } catch (error) {
      throwIfAborted(signal);
      problems.push(`${replica.name} could not be asked what sets were like before: ${errorText(error)}`);
    }
  }
  return { sets: [], problems };
}
