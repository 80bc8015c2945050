import { TIERS, type KeepCounts } from '@geolens/backup-core';
import { copiesIn, idOf, stateOf, type Copies } from '../copies.ts';

/**
 * What retention has to remove from the volume, and nothing else: nothing while the newest set is suspicious;
 * else, of a tier, what is older than its newest N good sets, but for the newest complete one. Sets from the
 * future neither go nor count.
 */
export function whatGoes(copies: Copies, counts: KeepCounts, now: string): ReadonlySet<string> {
  const goes = new Set<string>();
  if (newestIsSuspicious(copies, now)) return goes;
  for (const tier of TIERS) {
    const past = copiesIn(copies, 'local', tier).filter(({ timestamp }) => timestamp <= now);
    const good = past.filter(({ copy }) => ['complete', 'legacy'].includes(stateOf(copy)));
    const oldest = good[counts[tier] - 1]?.timestamp;
    const newest = past.find(({ copy }) => stateOf(copy) === 'complete')?.timestamp;
    for (const { timestamp } of past) {
      if (oldest !== undefined && timestamp < oldest && timestamp !== newest)
        goes.add(idOf({ store: 'local', tier, timestamp }));
    }
  }
  return goes;
}

function newestIsSuspicious(copies: Copies, now: string): boolean {
  const judged = TIERS.flatMap((tier) => copiesIn(copies, 'local', tier)).filter(
    ({ timestamp, copy }) =>
      timestamp <= now && stateOf(copy) !== 'partial' && (copy.suspected || stateOf(copy) === 'complete'),
  );
  const newest = judged
    .map(({ timestamp }) => timestamp)
    .sort()
    .at(-1);
  return judged.some(({ timestamp, copy }) => timestamp === newest && copy.suspected);
}
