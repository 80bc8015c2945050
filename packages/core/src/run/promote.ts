import { throwIfAborted } from '../errors.ts';
import { artifactKey, splitKey } from '../naming/artifact-key.ts';
import { tiersOf, type Tier } from '../naming/tier.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { BackupSet, SetArtifact } from '../sets/backup-set.ts';
import { inPublicationOrder } from '../sets/publication-order.ts';

/** Puts the set into another tier too, the manifest last. Safe to repeat: what was cut off is finished. */
export async function promote(
  store: ArtifactStore,
  artifacts: readonly Pick<SetArtifact, 'key' | 'kind'>[],
  tier: Tier,
  options: StoreOptions = {},
): Promise<void> {
  for (const { key } of inPublicationOrder(artifacts)) {
    throwIfAborted(options.signal);
    await store.copy(key, artifactKey(tier, splitKey(key).fileName), options);
  }
}

/**
 * What an earlier run did not get done: the newest complete daily set, when it belongs to `weekly` and is not whole there.
 * Only the newest, so that a weekly set which the operator or retention removed does not come back.
 */
export function unfinishedPromotion(sets: readonly BackupSet[], database: string): { set: BackupSet; tier: Tier } | undefined {
  const ours = sets.filter((set) => set.database === database);
  const newest = ours.find(({ tier, state }) => tier === 'daily' && state === 'complete');
  if (newest === undefined) return undefined;
  const tier = tiersOf(newest.timestamp).find(
    (other) => !ours.some((set) => set.tier === other && set.timestamp === newest.timestamp && set.state === 'complete'),
  );
  return tier === undefined ? undefined : { set: newest, tier };
}
