import type { ArtifactKey, RetentionPlan, RetentionVerdict } from '@geolens/backup-core';
import { table } from './table.ts';

/** What was removed of a plan so far; undefined when nothing is to be. */
export type Removed = ReadonlySet<ArtifactKey> | undefined;

/** What retention decided, for a person: one line a set. */
export function retentionPlanText(plan: RetentionPlan, removed?: Removed): string {
  if (plan.verdicts.length === 0) return 'no sets yet\n';
  return table(
    [{ title: 'SET' }, { title: 'TIER' }, { title: 'VERDICT' }, { title: 'REASON' }],
    verdictTexts(plan, removed).map(({ set, text, reason }) => [set.timestamp, set.tier, text, reason]),
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

/** Each verdict with its text: `keep`, or `remove`, or how far the removing came. */
export function verdictTexts(
  { verdicts, remove }: RetentionPlan,
  removed: Removed,
): readonly (RetentionVerdict & { readonly text: string })[] {
  const goes = new Set(remove);
  const textOf = ({ set, keep }: RetentionVerdict): string => {
    if (keep) return 'keep';
    const own = set.artifacts.map(({ key }) => key).filter((key) => goes.has(key));
    const left = removed === undefined ? [] : own.filter((key) => !removed.has(key));
    if (left.length === 0) return 'remove';
    return left.length === own.length ? 'not removed' : 'partly removed';
  };
  return verdicts.map((verdict) => ({ ...verdict, text: textOf(verdict) }));
}
