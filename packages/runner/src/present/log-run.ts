import type { BackupError, RunObserver, RunReport } from '@geolens/backup-core';
import { describeError } from './hints.ts';
import { outcomeFields, outcomeText } from './outcome-text.ts';
import type { Terminal } from '../io.ts';
import { countText } from './units.ts';
import { PhaseLog } from './log-phases.ts';
import type { Logger } from './logger.ts';

/** Turns what a run tells into lines of the log, and into one line on a terminal that is written over. */
export function logRun(log: Logger, terminal?: Terminal): RunObserver {
  const phases = new PhaseLog(log, terminal);
  return (event) => {
    switch (event.event) {
      case 'run.started':
        log.info(event.event, `run ${event.timestamp} of database ${event.database} begins`, {
          timestamp: event.timestamp,
          database: event.database,
        });
        break;
      case 'phase.finished':
        phases.finished(event);
        break;
      case 'phase.progress':
        phases.progressed(event);
        break;
      case 'phase.failed':
        phases.failed(event);
        break;
      case 'run.warning':
        log.warn(event.event, event.message);
        break;
    }
  };
}

/** The last lines of a run: what was cleaned up and removed, what failed, and the outcome. */
export function logReport(log: Logger, report: RunReport): void {
  logCleanedUp(log, report.cleanedUp);
  if (report.removed.length > 0)
    log.info('run.pruned', `retention removed ${report.removed.join(', ')}`, { removed: report.removed });
  for (const { store, copied, missing } of report.replication) {
    const left = missing === undefined ? '' : `, ${missing} still to be copied`;
    log.info('run.replicated', `${store}: ${countText(copied.length, 'set')} copied${left}`, {
      store,
      copied: copied.length,
      missing,
    });
  }
  for (const error of report.errors) logError(log, 'run.error', error);
  const level =
    report.outcome === 'failed'
      ? 'error'
      : report.outcome === 'complete' && report.suspicion === undefined
        ? 'info'
        : 'warn';
  log[level]('run.finished', outcomeText(report), outcomeFields(report));
}

/** What was left over and is gone now; nothing when there was nothing. */
export function logCleanedUp(log: Logger, cleanedUp: readonly string[]): void {
  if (cleanedUp.length > 0)
    log.info('run.swept', `removed what work that died had left: ${cleanedUp.join(', ')}`, { cleanedUp });
}

/** Logs an error, once, with its code; its causes too at level debug. */
export function logError(log: Logger, event: string, error: BackupError): void {
  log.error(event, describeError(error), { code: error.code });
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    log.debug('error.cause', `caused by: ${cause.stack ?? cause.message}`);
}
