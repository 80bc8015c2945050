import { timestampToDate, type RunTimestamp } from './timestamp.ts';

/** `daily` holds every run, `weekly` the runs with a timestamp on a Sunday (UTC). */
export type Tier = 'daily' | 'weekly';

/** All tiers, in the order of reports. */
export const TIERS: readonly Tier[] = ['daily', 'weekly'];

const SUNDAY = 0;

/**
 * Returns the tiers of a run. The caller calls it once per run, so that all artifacts have the same tiers.
 */
export function tiersOf(timestamp: RunTimestamp): readonly Tier[] {
  return timestampToDate(timestamp).getUTCDay() === SUNDAY ? TIERS : ['daily'];
}
