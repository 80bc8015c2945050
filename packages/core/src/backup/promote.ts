import { throwIfAborted } from '../base/errors.ts';
import { artifactKey, splitKey } from '../model/artifact-key.ts';
import { TIERS, tiersOf, type Tier } from '../model/tier.ts';
import { timestampToDate } from '../model/timestamp.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import { isWhole, type BackupSet, type SetArtifact } from '../model/backup-set.ts';
import { inPublicationOrder } from '../catalog/publication-order.ts';
import { inherited, resetState, type KnownSet } from '../catalog/state-files.ts';

/**
 * Puts the artifacts of a set into the tier of another one too, the manifest last, with what was learnt of
 * the set. Safe to repeat: what was cut off is finished.
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
 * What earlier runs did not get done: the newest whole daily set that belongs to another tier and is younger
 * than every whole set there. One that is older was there once, and was removed by retention or the operator:
 * it does not come back. Where there is none to compare with, it has to be the newest daily set, or one whose
 * promotion was begun. Sets from the future were made while the clock was wrong, and say nothing.
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
