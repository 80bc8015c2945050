import type { RestoreReport, RestorerEvent } from '@geolens/backup-core';
import type { Terminal } from '../io.ts';
import { dependentsHint } from './restore-report.ts';
import { bytesText, durationText, millisecondsOf, numberText, roughDurationText } from './units.ts';
import { logError, type Logger } from './logger.ts';
import { bar, REPORT_EVERY_MS, showFirstFitting } from './progress-line.ts';

const STEPS: Readonly<Record<string, string>> = {
  fetch: 'fetching what lies elsewhere',
  read: 'reading from the first to the last byte',
  server: 'making a temporary server',
  compare: 'inspecting what was restored',
  lock: 'waiting until other work on the volume has ended, to write down what was found',
  check: 'reading the artifacts from their first to their last byte',
  inspect: 'inspecting the server',
  unpack: 'unpacking the staging files beside the present ones',
  create: 'making a new database beside the live one',
  restore: 'restoring the dump',
  count: 'counting rows',
  analyze: 'gathering statistics for the planner (ANALYZE)',
  rights: 'applying owners and grants',
  tables: 'replacing the tables, in one transaction',
  swap: 'swapping the databases',
};

/** Steps of a restore test. Its temporary server has no live database. */
const RESTORE_TEST_STEPS: Readonly<Record<string, string>> = {
  ...STEPS,
  create: 'making a database in the temporary server',
};

type Progress = Extract<RestorerEvent, { event: 'progress' }>;

/** Time after which a step has a stable rate. */
const STEADY_MS = 3_000;

/** Returns the progress of a step, such as `1.2 GB of about 4.1 GB, 29 %, about 3 min left`. */
function progressText({ done, total, unit, isEstimate }: Progress, first: Progress, elapsed: number): string {
  const amount = (count: number): string => (unit === 'bytes' ? bytesText(count) : numberText(count));
  const name = unit === 'bytes' ? '' : ` ${unit}`;
  if (isEstimate === true && done > total) return `${amount(done)}${name}`;
  const moved = done - first.done;
  const left = (elapsed * (total - done)) / moved;
  return [
    `${amount(done)} of ${isEstimate === true ? 'about ' : ''}${amount(total)}${name}`,
    `${percentOf({ done, total })} %`,
    ...(unit === 'bytes' && elapsed >= STEADY_MS && moved > 0 && left >= 1_000
      ? [`about ${roughDurationText(left)} left`]
      : []),
  ].join(', ');
}

function percentOf({ done, total }: Pick<Progress, 'done' | 'total'>): number {
  return Math.min(100, Math.floor((100 * done) / Math.max(1, total)));
}

/** Returns an observer that logs a restore and shows its progress on one line of the terminal. */
export function logRestore(
  log: Logger,
  terminal: Terminal | undefined,
  command: 'restore' | 'verify' = 'restore',
): (event: RestorerEvent) => void {
  let reported = Date.now();
  let first: { readonly event: Progress; readonly at: number } | undefined;
  return (event) => {
    const words = (command === 'verify' ? RESTORE_TEST_STEPS : STEPS)[event.step] ?? event.step;
    if (event.event === 'step') {
      reported = Date.now();
      first = undefined;
      terminal?.status('');
      log.info(`${command}.step`, words, { step: event.step });
      return;
    }
    if (first?.event.step !== event.step) first = { event, at: Date.now() };
    const progress = progressText(event, first.event, Date.now() - first.at);
    const filled = bar(percentOf(event));
    // The log has the step in the line above.
    showFirstFitting(terminal, [`${filled} ${words}: ${progress}`, `${filled} ${progress}`]);
    if (Date.now() - reported < REPORT_EVERY_MS) return;
    reported = Date.now();
    log.info(`${command}.progress`, `${words}: ${progress}`, {
      step: event.step,
      done: event.done,
      total: event.total,
    });
  };
}

/** Logs the end of a restore: warnings, errors, and the outcome. */
export function logRestoreReport(log: Logger, report: RestoreReport): void {
  for (const recovered of report.recovered) log.info('restore.recovered', `cleared away: ${recovered}`);
  for (const warning of report.warnings) log.warn('restore.warning', warning);
  for (const note of report.restored?.notes ?? []) log.info('restore.note', note);
  for (const missing of report.restored?.incomplete ?? []) log.warn('restore.incomplete', missing);
  for (const what of report.filesLeftOut)
    log.warn('restore.files_left_out', `left out of the staging files: ${what}`);
  const hint = dependentsHint(report.restored);
  if (hint !== undefined) log.warn('restore.hint', hint);
  for (const error of report.errors) logError(log, 'restore.error', error);
  const milliseconds = millisecondsOf(report);
  const checked =
    report.errors.length === 0
      ? 'nothing stands in the way of restoring'
      : 'nothing but the files stands in the way of restoring';
  const done = report.outcome === 'checked' ? checked : 'restored';
  const level = report.errors.length > 0 ? 'warn' : 'info';
  log[level](
    'restore.finished',
    `${done} ${report.source.label} into ${report.mode.kind === 'files' ? report.stagingTo : `database "${report.database}"`}, ${durationText(milliseconds)}`,
    { outcome: report.outcome, milliseconds },
  );
}
