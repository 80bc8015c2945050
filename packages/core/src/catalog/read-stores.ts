import { throwIfAborted, toBackupError, type BackupError } from '../base/errors.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { readSets } from './read-sets.ts';

/** Answer of one store: all its sets, newest first, or the error. */
export type StoreAnswer =
  | { readonly store: ArtifactStore; readonly sets: readonly BackupSet[]; readonly error?: undefined }
  | { readonly store: ArtifactStore; readonly error: BackupError };

/**
 * Reads the sets of the stores one after the other, each on demand. An unreachable store does not hide the
 * others.
 */
export async function* readStores(
  stores: readonly ArtifactStore[],
  { signal }: StoreOptions = {},
): AsyncGenerator<StoreAnswer> {
  for (const store of stores) {
    let answer: StoreAnswer;
    try {
      answer = { store, sets: await readSets(store, { signal }) };
    } catch (error) {
      throwIfAborted(signal);
      answer = { store, error: toBackupError(error) };
    }
    yield answer;
  }
}
