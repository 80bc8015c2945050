import {
  isBackupError,
  run as runOnce,
  toBackupError,
  type RunObserver,
  type RunReport,
} from '@geolens/backup-core';
import { EXIT, exitCodeOfRun, type ExitCode } from '../exit-code.ts';
import { logReport, logRun } from '../present/log-run.ts';
import { failureNotification, notify, runNotification, startNotification } from '../notify/notifications.ts';
import { describeError, warningsOfRun } from '../present/hints.ts';
import { restoreText } from '../present/restore-text.ts';
import { runReportJson, runReportText } from '../present/run-report.ts';
import { jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';
import { ProgressRecord } from '../status/progress-record.ts';
import { toolVersion } from '../version.ts';
import { reported } from './reported.ts';
import { checkFolder } from '../config/check-folder.ts';

/** Implements `run`: makes one run. */
export async function run(context: CommandContext, { json }: { readonly json: boolean }): Promise<ExitCode> {
  await checkFolder(context.config);
  await context.services.checkKeys();
  const { report, reported } = await loggedRun(context);
  context.io.stdout(json ? jsonText(runReportJson(report, context.redact)) : runReportText(report));
  const code = exitCodeOfRun(report);
  return code === EXIT.done && !reported ? EXIT.partly : code;
}

/**
 * Makes a run, logs its events and notifies the channels.
 * @returns the report, and whether all channels were notified
 */
export async function loggedRun(
  context: CommandContext,
): Promise<{ readonly report: RunReport; readonly reported: boolean }> {
  const { services, config, log, io, tail, signal, redact } = context;
  const { database } = config.connection;
  tail.clear();
  const warned = new Set<string>();
  let notifiedOfStart: Promise<boolean> = Promise.resolve(true);
  const observe = logRun(log, io.terminal);
  const record = new ProgressRecord(services);
  const observer: RunObserver = (event) => {
    if (event.event === 'run.warning') warned.add(event.message);
    observe(event);
    record.observe(event);
    if (event.event === 'run.started')
      notifiedOfStart = notify(context, startNotification(database, event.timestamp));
  };
  try {
    const options = {
      toolVersion: toolVersion(),
      verify: config.verify,
      sizeAnomalyThreshold: config.sizeAnomalyThreshold,
      observer,
      redact,
      describeError,
      instructions: restoreText,
      signal,
    };
    const report = await reported(context, 'run', () =>
      runOnce(services, options).finally(() => record.stop()),
    );
    io.terminal?.status('');
    for (const warning of warningsOfRun(report)) if (!warned.has(warning)) log.warn('run.warning', warning);
    logReport(log, report);
    const started = await notifiedOfStart; // the start notification must arrive first
    return {
      report,
      reported: (await notify(context, runNotification(report, tail.text(), redact))) && started,
    };
  } catch (error) {
    io.terminal?.status('');
    // No outcome to notify: another process holds the lock, or the run was aborted before it began.
    if (!isBackupError(error, 'LOCK_HELD', 'ABORTED'))
      await notify(context, failureNotification(database, toBackupError(error), tail.text(), redact));
    throw error;
  }
}
