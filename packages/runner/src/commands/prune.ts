import { prune as pruneSets, type ArtifactKey, type RetentionPlan } from '@geolens/backup-core';
import { suspicionText } from '../present/hints.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { retentionPlanJson, retentionPlanText, verdictTexts } from '../present/retention-plan.ts';
import type { CommandContext } from '../services.ts';
import { checkFolder } from '../check-folder.ts';

export interface PruneOptions {
  readonly json: boolean;
  readonly dryRun: boolean;
}

/** `prune`: retention now, outside of a run. */
export async function prune(
  { config, services, io, log, signal }: CommandContext,
  { json, dryRun }: PruneOptions,
): Promise<ExitCode> {
  await checkFolder(config);
  const removed = new Set<ArtifactKey>();
  const emit = (plan: RetentionPlan): void => {
    const done = dryRun ? undefined : removed;
    io.stdout(
      json
        ? `${JSON.stringify(retentionPlanJson(plan, done), undefined, 2)}\n`
        : retentionPlanText(plan, done),
    );
    const gone = verdictTexts(plan, done).filter(({ text }) => text === 'remove').length;
    log.info(
      'prune.finished',
      `retention ${dryRun ? 'would remove' : 'removed'} ${gone} of ${plan.verdicts.length} sets`,
      { dryRun, removed: gone, sets: plan.verdicts.length },
    );
  };
  const warn = ({ suspendedBy: set }: RetentionPlan): void => {
    if (set !== undefined)
      log.warn('prune.suspended', suspicionText(set.timestamp, set.suspicion?.reasons ?? set.problems), {
        timestamp: set.timestamp,
      });
  };
  let planned: RetentionPlan | undefined;
  const onPlanned = (plan: RetentionPlan): void => {
    planned = plan;
  };
  const onRemoved = (key: ArtifactKey): void => {
    removed.add(key);
  };
  try {
    planned = await pruneSets(services, {
      database: config.connection.database,
      dryRun,
      signal,
      onPlanned,
      onRemoved,
    });
  } finally {
    if (planned !== undefined) {
      emit(planned);
      warn(planned);
    } // also when it was not carried out to its end: what is gone is gone
  }
  return EXIT.done;
}
