import type { CopyReport, RestoreTestReport, VerifyEvent, VerifyReport } from '@geolens/backup-core';
import { isBadCopy, lacksOf, problemsOf } from '@geolens/backup-core/internal';
import type { Terminal } from '../io.ts';
import { countText, durationText } from './units.ts';
import { logRestore } from './log-restore.ts';
import { logError, type Logger } from './logger.ts';

/** Returns an observer that logs a verification. */
export function logVerification(log: Logger, terminal: Terminal | undefined): (event: VerifyEvent) => void {
  const steps = logRestore(log, terminal, 'verify');
  return (event) => {
    if (event.event === 'copy.started') {
      log.info(
        'verify.started',
        `verifying ${event.copy.label}${event.of === 1 ? '' : ` (${event.index + 1} of ${event.of})`}`,
        { set: event.copy.label },
      );
    } else if (event.event === 'copy.finished') {
      terminal?.status('');
      logCopy(log, event.report);
    } else {
      steps(event);
    }
  };
}

/** Logs the work that is incomplete. */
export function logVerifyReport(log: Logger, { errors }: VerifyReport): void {
  for (const error of errors) logError(log, 'verify.error', error);
}

function detailsOf({ isolated, assertionsHeld }: RestoreTestReport): string {
  const held = assertionsHeld === undefined ? '' : `, ${countText(assertionsHeld, 'assertion')} held`;
  return `${isolated === false ? ', not isolated' : ''}${held}`;
}

function logCopy(log: Logger, report: CopyReport): void {
  const { copy, outcome, restoreTest, error, milliseconds } = report;
  const fields = {
    set: copy.label,
    outcome,
    restoreTest: restoreTest?.outcome,
    assertionsHeld: restoreTest?.assertionsHeld,
    milliseconds,
  };
  const took = durationText(milliseconds);
  for (const warning of restoreTest?.warnings ?? []) log.warn('verify.warning', warning);
  for (const { name, leftOut = [] } of report.artifacts)
    for (const what of leftOut) log.warn('verify.left_out', `a restore of ${name} leaves out ${what}`);
  if (error !== undefined) logError(log, 'verify.unread', error);
  const reasons = outcome === 'inconclusive' ? lacksOf(report) : problemsOf(report);
  const because = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  const words = {
    passed: restoreTest === undefined ? 'is good' : `passed its restore test${detailsOf(restoreTest)}`,
    failed: isBadCopy(report) ? 'is BAD' : 'is intact, but its restore test FAILED',
    inconclusive:
      error === undefined ? 'reads well, but the check is inconclusive' : 'could not be read to its end',
    skipped: 'was removed meanwhile',
  }[outcome];
  const level = ({ passed: 'info', failed: 'error', inconclusive: 'warn', skipped: 'info' } as const)[
    outcome
  ];
  log[level]('verify.finished', `${copy.label} ${words}, ${took}${because}`, fields);
}
