import type { Tier } from '../model/tier.ts';
import type { BackupSet } from '../model/backup-set.ts';

/** Whether a set stays, and why. Reports print the reason unchanged. */
export interface RetentionVerdict {
  readonly set: BackupSet;
  /** False if the set may be removed. */
  readonly keep: boolean;
  /** A few words: `older than the newest 7 of daily`. */
  readonly reason: string;
}

/** Tier and moment of a retention decision. */
export interface RetentionContext {
  readonly tier: Tier;
  /** The moment of the decision. No set is younger. */
  readonly now: Date;
}

/**
 * Decides which sets of one tier stay. Pure: the same sets and the same moment give the same result. Any
 * result is safe: `planRetention` never removes the newest complete set or sets of other databases. A set
 * without a verdict stays.
 */
export interface RetentionPolicy {
  /** Returns a verdict for each set. The sets are of one tier and one database, in any order. */
  decide(sets: readonly BackupSet[], context: RetentionContext): readonly RetentionVerdict[];
}
