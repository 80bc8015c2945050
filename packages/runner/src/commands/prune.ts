import { prune as pruneSets } from '@geolens/backup-core';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { retentionPlanJson, retentionPlanText } from '../report/retention-plan.ts';
import type { CommandContext } from '../services.ts';
import { checkFolder } from './check-folder.ts';

export interface PruneOptions {
  readonly json: boolean;
  readonly dryRun: boolean;
}

/** `prune`: retention now, outside of a run. */
export async function prune({ config, services, io, log, signal }: CommandContext, { json, dryRun }: PruneOptions): Promise<ExitCode> {
  await checkFolder(config);
  const plan = await pruneSets(services, { database: config.connection.database, dryRun, signal });
  io.stdout(json ? `${JSON.stringify(retentionPlanJson(plan), undefined, 2)}\n` : retentionPlanText(plan));
  const removed = plan.verdicts.filter(({ keep }) => !keep).length;
  const verb = dryRun ? 'would remove' : 'removed';
  log.info('prune.finished', `retention ${verb} ${removed} of ${plan.verdicts.length} sets`, { dryRun, removed, sets: plan.verdicts.length });
  return EXIT.done;
}
