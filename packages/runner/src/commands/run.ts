import { run as runOnce, type RunObserver, type RunReport } from '@geolens/backup-core';
import { exitCodeOfRun, type ExitCode } from '../exit-code.ts';
import { logReport, logRun } from '../log/log-run.ts';
import { runReportJson, runReportText } from '../report/run-report.ts';
import type { CommandContext } from '../services.ts';
import { toolVersion } from '../version.ts';
import { checkFolder } from './check-folder.ts';

/** `run`: one run now. */
export async function run(context: CommandContext, { json }: { readonly json: boolean }): Promise<ExitCode> {
  await checkFolder(context.config);
  const report = await loggedRun(context);
  context.io.stdout(json ? `${JSON.stringify(runReportJson(report, context.redact), undefined, 2)}\n` : runReportText(report));
  return exitCodeOfRun(report);
}

/** A run whose events and outcome go to the log. */
export async function loggedRun({ services, config, log, signal }: CommandContext): Promise<RunReport> {
  const told = new Set<string>();
  const observe = logRun(log);
  const observer: RunObserver = (event) => {
    if (event.event === 'run.warning') told.add(event.message);
    observe(event);
  };
  const report = await runOnce(services, { toolVersion: toolVersion(), verify: config.verify, shrinkThreshold: config.shrinkThreshold, observer, signal });
  for (const warning of report.warnings) if (!told.has(warning)) log.warn('run.warning', warning);
  logReport(log, report);
  return report;
}
