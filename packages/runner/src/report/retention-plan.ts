import type { RetentionPlan } from '@geolens/backup-core';
import { table } from './table.ts';

/** What retention decided, for a person: one line a set. */
export function retentionPlanText({ verdicts }: RetentionPlan): string {
  if (verdicts.length === 0) return 'no sets yet\n';
  return table(
    [{ title: 'SET' }, { title: 'TIER' }, { title: 'VERDICT' }, { title: 'REASON' }],
    verdicts.map(({ set, keep, reason }) => [set.timestamp, set.tier, keep ? 'keep' : 'remove', reason]),
  );
}

/** The same for a machine. */
export function retentionPlanJson({ verdicts, remove }: RetentionPlan): Record<string, unknown> {
  return {
    verdicts: verdicts.map(({ set, keep, reason }) => ({ timestamp: set.timestamp, tier: set.tier, database: set.database, state: set.state, keep, reason })),
    remove,
  };
}
