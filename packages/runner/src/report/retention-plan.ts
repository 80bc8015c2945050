import type { ArtifactKey, RetentionPlan } from '@geolens/backup-core';
import { table } from './table.ts';

/** What was removed of a plan so far; undefined when nothing is to be. */
export type Removed = ReadonlySet<ArtifactKey> | undefined;

/** What retention decided, for a person: one line a set. */
export function retentionPlanText(plan: RetentionPlan, removed?: Removed): string {
  if (plan.verdicts.length === 0) return 'no sets yet\n';
  const texts = verdictTexts(plan, removed);
  return table(
    [{ title: 'SET' }, { title: 'TIER' }, { title: 'VERDICT' }, { title: 'REASON' }],
    plan.verdicts.map(({ set, reason }, index) => [set.timestamp, set.tier, texts[index]!, reason]),
  );
}

/** The same for a machine. */
export function retentionPlanJson(
  { verdicts, remove, suspendedBy }: RetentionPlan,
  removed?: Removed,
): Record<string, unknown> {
  return {
    verdicts: verdicts.map(({ set, keep, reason }) => ({
      timestamp: set.timestamp,
      tier: set.tier,
      database: set.database,
      state: set.state,
      keep,
      reason,
    })),
    remove,
    ...(suspendedBy !== undefined && { suspendedBy: suspendedBy.timestamp }),
    ...(removed !== undefined && { removed: [...removed] }),
  };
}

/** Of each verdict: `keep`, or `remove`, or how far the removing came. */
export function verdictTexts({ verdicts, remove }: RetentionPlan, removed: Removed): readonly string[] {
  const goes = new Set(remove);
  return verdicts.map(({ set, keep }) => {
    if (keep) return 'keep';
    const own = set.artifacts.map(({ key }) => key).filter((key) => goes.has(key));
    const left = removed === undefined ? [] : own.filter((key) => !removed.has(key));
    if (left.length === 0) return 'remove';
    return left.length === own.length ? 'not removed' : 'partly removed';
  });
}
