import {
  lacksOf,
  problemsOf,
  type CopyReport,
  type VerifyEvent,
  type VerifyReport,
} from '@geolens/backup-core';
import type { Terminal } from '../io.ts';
import { durationText } from '../report/units.ts';
import { logRestore } from './log-restore.ts';
import { logError } from './log-run.ts';
import type { Logger } from './logger.ts';

/** Turns what a verification tells into lines of the log. */
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

/** What was not done besides. */
export function logVerifyReport(log: Logger, { errors }: VerifyReport): void {
  for (const error of errors) logError(log, 'verify.error', error);
}

function logCopy(log: Logger, report: CopyReport): void {
  const { copy, verdict, drill, error, milliseconds } = report;
  const fields = { set: copy.label, verdict, drill: drill?.verdict, milliseconds };
  const took = durationText(milliseconds);
  for (const warning of drill?.warnings ?? []) log.warn('verify.warning', warning);
  if (error !== undefined) logError(log, 'verify.unread', error);
  const reasons = verdict === 'unproven' ? lacksOf(report) : problemsOf(report);
  const because = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  const words = {
    good: drill === undefined ? 'is good' : 'is proven',
    bad: 'is BAD',
    unproven: 'reads well, but cannot be proven here',
    unread: 'could not be read to its end',
    gone: 'was removed meanwhile',
  }[verdict];
  const level = verdict === 'bad' ? 'error' : verdict === 'good' || verdict === 'gone' ? 'info' : 'warn';
  log[level]('verify.finished', `${copy.label} ${words}, ${took}${because}`, fields);
}
