import { timestampToDate, type RunTimestamp } from './timestamp.ts';

/** `daily` holds every run, `weekly` those whose timestamp falls on a Sunday (UTC). */
export type Tier = 'daily' | 'weekly';

/** All tiers, in the order in which people are told of them. */
export const TIERS: readonly Tier[] = ['daily', 'weekly'];

const SUNDAY = 0;

/** The tiers that a run belongs to. Asked once a run, so that all its artifacts get the same answer. */
export function tiersOf(timestamp: RunTimestamp): readonly Tier[] {
  return timestampToDate(timestamp).getUTCDay() === SUNDAY ? TIERS : ['daily'];
}
