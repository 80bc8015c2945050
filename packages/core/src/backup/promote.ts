import { throwIfAborted } from '../base/errors.ts';
import { artifactKey, splitKey } from '../model/artifact-key.ts';
import { TIERS, tiersOf, type Tier } from '../model/tier.ts';
import { timestampToDate } from '../model/timestamp.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import { isWhole, type BackupSet, type SetArtifact } from '../model/backup-set.ts';
import { inPublicationOrder } from '../catalog/publication-order.ts';
import { inherited, resetState, type KnownSet } from '../catalog/state-files.ts';

/**
 * Copies the artifacts of a set into another tier, the manifest last, with the state of the set. Safe to
 * repeat: completes an interrupted promotion.
 */
export async function promote(
  store: ArtifactStore,
  artifacts: readonly Pick<SetArtifact, 'key' | 'kind'>[],
  promoted: KnownSet,
  options: StoreOptions = {},
): Promise<void> {
  if (inherited(promoted) !== undefined) await resetState(store, promoted, options);
  for (const { key } of inPublicationOrder(artifacts)) {
    throwIfAborted(options.signal);
    await store.copy(key, artifactKey(promoted.tier, splitKey(key).fileName), options);
  }
}

/**
 * Returns the promotion that earlier runs did not complete; `undefined` if there is none.
 *
 * - Selects the newest whole daily set that belongs to another tier and is younger than every whole set
 *   there. Retention or the operator has removed older sets, and they do not return.
 * - If the other tier has no whole set, only the newest daily set qualifies, or one with a started promotion.
 * - Sets from the future are ignored, because the clock was wrong.
 */
export function unfinishedPromotion(
  sets: readonly BackupSet[],
  database: string,
  now: Date,
): { set: BackupSet; tier: Tier } | undefined {
  const past = sets.filter((set) => timestampToDate(set.timestamp) <= now);
  const completeIn = (tier: Tier): BackupSet[] =>
    past.filter(
      (set) => set.tier === tier && set.database === database && isWhole(set) && set.manifest !== undefined,
    );
  const daily = completeIn('daily');
  for (const tier of TIERS.filter((one) => one !== 'daily')) {
    const limit = completeIn(tier)[0]?.timestamp;
    const begun = new Set(
      past
        .filter((set) => set.tier === tier && (set.database ?? database) === database)
        .map(({ timestamp }) => timestamp),
    );
    const isMissing = (set: BackupSet): boolean =>
      limit === undefined ? set === daily[0] || begun.has(set.timestamp) : set.timestamp > limit;
    const set = daily.find((one) => tiersOf(one.timestamp).includes(tier) && isMissing(one));
    if (set !== undefined) return { set, tier };
  }
  return undefined;
}
