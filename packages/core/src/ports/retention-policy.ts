import type { Tier } from '../model/tier.ts';
import type { BackupSet } from '../model/backup-set.ts';

/** Whether a set stays, and why. The reason is shown to people as it is. */
export interface RetentionVerdict {
  readonly set: BackupSet;
  /** False: it may go. */
  readonly keep: boolean;
  /** A few words: `older than the newest 7 of daily`. */
  readonly reason: string;
}

/** For which tier, and at which moment, a policy is asked. */
export interface RetentionContext {
  readonly tier: Tier;
  /** The moment of the decision; no set that is asked about is younger. */
  readonly now: Date;
}

/**
 * Decides which sets of one tier stay. Pure: the same sets and the same moment give the same answer. It may
 * answer whatever it likes: planRetention around it sees to it that the newest complete set, and sets of
 * other databases, are never removed. A set without a verdict stays.
 */
export interface RetentionPolicy {
  /** Says of each set whether it stays. The sets are those of one tier and one database, in any order. */
  decide(sets: readonly BackupSet[], context: RetentionContext): readonly RetentionVerdict[];
}
