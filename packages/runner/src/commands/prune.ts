import {
  prune as pruneSets,
  toBackupError,
  type ArtifactKey,
  type RetentionPlan,
  type RetentionVerdict,
} from '@geolens/backup-core';
import { failureJson, suspicionText } from '../present/hints.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { CommandContext } from '../services.ts';
import { checkFolder } from '../config/check-folder.ts';
import { table } from '../present/table.ts';
import { jsonText } from '../present/units.ts';

/** Implements `prune`: applies retention outside of a run. */
export async function prune(
  { config, services, io, log, redact, signal }: CommandContext,
  { json, dryRun }: { readonly json: boolean; readonly dryRun: boolean },
): Promise<ExitCode> {
  await checkFolder(config);
  const removed = new Set<ArtifactKey>();
  let failure: object = {};
  const report = (plan: RetentionPlan): void => {
    const done = dryRun ? undefined : removed;
    const output = (): string => jsonText({ ...retentionPlanJson(plan, done), ...failure });
    io.stdout(json ? output() : retentionPlanText(plan, done));
    const gone = verdictTexts(plan, done).filter(({ text }) => text === 'remove').length;
    log.info(
      'prune.finished',
      `retention ${dryRun ? 'would remove' : 'removed'} ${gone} of ${plan.verdicts.length} sets`,
      { dryRun, removed: gone, sets: plan.verdicts.length },
    );
    const set = plan.suspendedBy;
    if (set !== undefined)
      log.warn('prune.suspended', suspicionText(set.timestamp, set.suspicion?.reasons ?? set.problems), {
        timestamp: set.timestamp,
      });
  };
  let planned: RetentionPlan | undefined;
  try {
    planned = await pruneSets(services, {
      database: config.connection.database,
      dryRun,
      signal,
      onPlanned: (plan) => {
        planned = plan;
      },
      onRemoved: (key) => {
        removed.add(key);
      },
    });
  } catch (error) {
    failure = failureJson(toBackupError(error), redact);
    throw error;
  } finally {
    if (planned !== undefined) report(planned); // also after an incomplete removal
  }
  return EXIT.done;
}

/** Artifacts that were removed so far. `undefined` in a dry run. */
type Removed = ReadonlySet<ArtifactKey> | undefined;

/** Returns the decisions of retention for people, one set per line. */
export function retentionPlanText(plan: RetentionPlan, removed?: Removed): string {
  if (plan.verdicts.length === 0) return 'no sets yet\n';
  return table(
    [{ title: 'SET' }, { title: 'TIER' }, { title: 'VERDICT' }, { title: 'REASON' }],
    verdictTexts(plan, removed).map(({ set, text, reason }) => [set.timestamp, set.tier, text, reason]),
  );
}

/** Returns the decisions of retention for machines. */
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

/** Returns each verdict with its text: `keep`, `remove`, or the progress of an incomplete removal. */
function verdictTexts(
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
