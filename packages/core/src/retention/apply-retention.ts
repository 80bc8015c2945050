import { throwIfAborted } from '../base/errors.ts';
import { nameOfKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import { readSets } from '../catalog/read-sets.ts';
import type { RetentionPlan, RetentionRequest } from './plan-retention.ts';

/** Reads the input of a retention decision from a store. */
export async function readForRetention(
  store: ArtifactStore,
  options: StoreOptions,
): Promise<Pick<RetentionRequest, 'sets' | 'loneStates'>> {
  const loneStates: ArtifactKey[] = [];
  const sets = await readSets(store, { ...options, onLoneState: (key) => loneStates.push(key) });
  return { sets, loneStates };
}

export interface ApplyOptions extends StoreOptions {
  /** Called for each removed artifact. */
  readonly onRemoved?: ((key: ArtifactKey) => void) | undefined;
}

/**
 * Executes a retention plan. An artifact that cannot be removed stops the removal of its set, which is then
 * whole or lacks its manifest. The other sets are still removed, so that one undeletable file cannot fill the
 * volume.
 * @throws the first failure, after the removal of the other sets; immediately if the signal fires
 */
export async function applyRetention(
  store: PrimaryStore,
  plan: RetentionPlan,
  options: ApplyOptions = {},
): Promise<void> {
  const failures: unknown[] = [];
  const stuck = new Set<string>();
  for (const key of plan.remove) {
    throwIfAborted(options.signal);
    const set = `${splitKey(key).tier}/${nameOfKey(key)?.timestamp}`;
    if (stuck.has(set)) continue;
    try {
      await store.remove(key, { signal: options.signal });
      options.onRemoved?.(key);
    } catch (error) {
      failures.push(error);
      stuck.add(set);
    }
  }
  if (failures.length > 0) throw failures[0];
}
