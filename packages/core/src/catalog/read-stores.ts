import { throwIfAborted, toBackupError, type BackupError } from '../base/errors.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { ManifestCache } from '../ports/manifest-cache.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { readSets } from './read-sets.ts';

/** What one store answered: all its sets, newest first, or why it could not be asked. */
export type StoreAnswer =
  | { readonly store: ArtifactStore; readonly sets: readonly BackupSet[]; readonly error?: undefined }
  | { readonly store: ArtifactStore; readonly error: BackupError };

/** How the sets of several stores are read. */
export interface ReadStoresOptions extends StoreOptions {
  /** What is remembered of a store, for what is only looked at. */
  readonly cacheOf?: ((store: ArtifactStore) => ManifestCache) | undefined;
}

/**
 * Asks the stores for their sets, one after the other, each when its answer is wanted. One that cannot be
 * asked does not hide the others.
 */
export async function* readStores(
  stores: readonly ArtifactStore[],
  { signal, cacheOf }: ReadStoresOptions = {},
): AsyncGenerator<StoreAnswer> {
  for (const store of stores) {
    let answer: StoreAnswer;
    try {
      answer = { store, sets: await readSets(store, { signal, cache: cacheOf?.(store) }) };
    } catch (error) {
      throwIfAborted(signal);
      answer = { store, error: toBackupError(error) };
    }
    yield answer;
  }
}
