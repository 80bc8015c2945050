import { BackupError } from '../base/errors.ts';
import type { Tier } from '../model/tier.ts';
import type { RetentionPolicy, RetentionVerdict } from '../ports/retention-policy.ts';
import { isRestorable, newestFirst } from '../model/backup-set.ts';

/** Number of sets to keep in each tier. Whole numbers of at least 1. */
export type KeepCounts = Readonly<Record<Tier, number>>;

/**
 * Returns a policy that keeps the newest N restorable sets of a tier. Other sets do not count towards N, and
 * are removed once N restorable sets are newer.
 * @throws BackupError CONFIG_INVALID if a count is not a whole number of at least 1
 */
export function keepNewest(counts: KeepCounts): RetentionPolicy {
  for (const [tier, count] of Object.entries(counts)) {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new BackupError(
        'CONFIG_INVALID',
        `cannot keep ${count} ${tier} sets: it takes a whole number of at least 1`,
      );
    }
  }
  return {
    decide(sets, { tier }) {
      const places = counts[tier];
      let filled = 0;
      return [...sets].sort(newestFirst).map((set): RetentionVerdict => {
        if (filled === places)
          return { set, keep: false, reason: `older than the newest ${places} of ${tier}` };
        if (!isRestorable(set))
          return { set, keep: true, reason: `${set.state}, fills no place: ${set.problems.join('; ')}` };
        filled += 1;
        return { set, keep: true, reason: `${filled} of ${places} in ${tier}` };
      });
    },
  };
}
