import { throwIfAborted } from '../base/errors.ts';
import { nameOfKey, splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import { readSets } from '../catalog/read-sets.ts';
import type { RetentionPlan, RetentionRequest } from './plan-retention.ts';

/** Reads what retention decides about. */
export async function readForRetention(
  store: ArtifactStore,
  options: StoreOptions,
): Promise<Pick<RetentionRequest, 'sets' | 'loneStates'>> {
  const loneStates: ArtifactKey[] = [];
  const sets = await readSets(store, { ...options, onLoneState: (key) => loneStates.push(key) });
  return { sets, loneStates };
}

export interface ApplyOptions extends StoreOptions {
  /** Told of each artifact that is gone. */
  readonly onRemoved?: ((key: ArtifactKey) => void) | undefined;
}

/**
 * Removes what the plan says. An artifact that cannot be removed keeps the rest of its set, which is then
 * whole or lacks its manifest, and does not keep the other sets from going: otherwise one stubborn file would
 * let the volume fill up.
 * @throws the first failure, once the other sets are gone; at once when the signal fires
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
