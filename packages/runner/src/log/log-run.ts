import { rowsOf, totalRows, dumpOf, type BackupError, type PhaseReport, type RunObserver, type RunReport } from '@geolens/backup-core';
import { bytesText, countText, durationText, numberText, rateText } from '../report/units.ts';
import type { Logger } from './logger.ts';

/** Turns what a run tells into lines of the log, one for each phase. */
export function logRun(log: Logger): RunObserver {
  return (event) => {
    switch (event.event) {
      case 'run.started':
        log.info(event.event, `run ${event.timestamp} of database ${event.database} begins`, { timestamp: event.timestamp, database: event.database });
        break;
      case 'phase.finished':
        log.info(event.event, phaseText(event), { phase: event.phase, tier: event.tier, artifact: event.artifact, milliseconds: event.milliseconds, bytes: event.bytes });
        break;
      case 'run.warning':
        log.warn(event.event, event.message);
        break;
    }
  };
}

/** The last lines of a run: what was swept and removed, what failed, and the outcome. */
export function logReport(log: Logger, report: RunReport): void {
  logSwept(log, report.swept);
  if (report.removed.length > 0) log.info('run.pruned', `retention removed ${report.removed.join(', ')}`, { removed: report.removed });
  for (const { store, copied, missing } of report.replication) {
    const left = missing === undefined ? '' : `, ${missing} still to be copied`;
    log.info('run.replicated', `${store}: ${countText(copied.length, 'set')} copied${left}`, { store, copied: copied.length, missing });
  }
  for (const error of report.errors) logError(log, 'run.error', error);
  const fields = { outcome: report.outcome, timestamp: report.timestamp, milliseconds: millisecondsOf(report), rows: rowsOf(report.manifest) };
  const made = report.manifest === undefined ? 'no set was made and none was removed' : 'the new set is bad and counts for nothing, and none was removed';
  if (report.outcome === 'failed') log.error('run.finished', `run failed after ${durationText(millisecondsOf(report))}; ${made}`, fields);
  else log[report.outcome === 'complete' && report.suspicion === undefined ? 'info' : 'warn']('run.finished', outcomeText(report), fields);
}

/** What was left over and is gone now; nothing when there was nothing. */
export function logSwept(log: Logger, swept: readonly string[]): void {
  if (swept.length > 0) log.info('run.swept', `removed what work that died had left: ${swept.join(', ')}`, { swept });
}

/** Logs an error, once, with its code; its causes too at level debug. */
export function logError(log: Logger, event: string, error: BackupError): void {
  log.error(event, error.message, { code: error.code });
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) log.debug('error.cause', `caused by: ${cause.stack ?? cause.message}`);
}

function phaseText({ phase, tier, artifact, milliseconds, bytes }: PhaseReport): string {
  const what = [phase, tier, artifact].filter(Boolean).join(' ');
  const size = bytes === undefined ? '' : `, ${bytesText(bytes)}, ${rateText(bytes, milliseconds)}`;
  return `${what}: ${durationText(milliseconds)}${size}`;
}

function outcomeText(report: RunReport): string {
  const { manifest, previousRows, timestamp, suspicion } = report;
  const outcome = suspicion === undefined ? report.outcome : `${report.outcome}, but SUSPICIOUS,`;
  if (manifest === undefined) return '';
  const counts = dumpOf(manifest)?.rowCounts ?? [];
  const before = previousRows === undefined ? '' : ` (before: ${numberText(previousRows)})`;
  const bytes = manifest.artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  const content = `${countText(counts.length, 'table')}${counts.length === 0 ? '' : ` with ${countText(totalRows(counts), 'row')}`}${before}, ${bytesText(bytes)}`;
  return `run ${timestamp ?? '?'} ${outcome} in ${durationText(millisecondsOf(report))}: ${content}, in ${manifest.tiers.join(' and ')}`;
}

function millisecondsOf({ startedAt, finishedAt }: RunReport): number {
  return Math.max(0, finishedAt.getTime() - startedAt.getTime());
}
