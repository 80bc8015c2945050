import {
  toBackupError,
  type BackupError,
  type JournalledReplicaCheck,
  type JournalledRestoreTest,
  type Notification,
  type RunReport,
} from '@geolens/backup-core';
import { describeError, errorJson, warningsOfRun } from '../present/hints.ts';
import type { Redact } from '../present/redact.ts';
import { outcomeText, runReportJson } from '../present/run-report.ts';
import { countText } from '../present/units.ts';
import { toolVersion } from '../version.ts';
import type { CommandContext } from '../services.ts';

const details = (what: Record<string, unknown>): Record<string, unknown> => ({
  tool: 'geolens-backup',
  version: toolVersion(),
  ...what,
});

export function startNotification(database: string, timestamp: string): Notification {
  const title = `run ${timestamp} of database ${database} begins`;
  return {
    event: 'run.started',
    state: 'started',
    database,
    title,
    text: '',
    log: '',
    details: details({ timestamp }),
  };
}

/** A complete run is trouble if its set is suspicious, or its restore test has no result. */
export function runNotification(report: RunReport, log: string, redact: Redact): Notification {
  const { database, outcome, suspicion, errors, restoreTest } = report;
  const isTested = restoreTest?.outcome !== 'inconclusive';
  const good = outcome === 'complete' && suspicion === undefined && isTested;
  const text = [...errors.map(describeError), ...new Set(warningsOfRun(report))].join('\n');
  const title = `Backup of ${database}: ${outcomeText(report)}`;
  return {
    event: 'run.finished',
    state: good ? 'good' : 'trouble',
    database,
    title,
    text,
    log,
    details: details({ run: runReportJson(report, redact) }),
  };
}

/** A run that could not be begun at all. */
export function failureNotification(
  database: string,
  error: BackupError,
  log: string,
  redact: Redact,
): Notification {
  const title = `Backup of ${database}: no run could be made`;
  return {
    event: 'run.finished',
    state: 'trouble',
    database,
    title,
    text: describeError(error),
    log,
    details: details({ run: { outcome: 'failed', database, errors: [errorJson(redact)(error)] } }),
  };
}

const OUTCOMES = {
  passed: 'passed: it was restored, and is whole',
  failed: 'FAILED',
  inconclusive: 'is inconclusive',
  skipped: 'could not be made',
} as const;

/** The notification of a scheduled check of the replicas. */
export function replicaCheckNotification(
  database: string,
  replicaCheck: JournalledReplicaCheck,
  log: string,
  redact: Redact,
): Notification {
  const { outcome, sets, problem = '' } = replicaCheck;
  return {
    event: 'replica-check.finished',
    state: outcome === 'passed' ? 'good' : 'trouble',
    database,
    title: `Check of ${countText(sets, 'copied set')} of ${database}: ${outcome}`,
    text: problem,
    log,
    details: details({
      replicaCheck: { ...replicaCheck, ...(problem !== '' && { problem: redact(problem) }) },
    }),
  };
}

export function restoreTestNotification(
  database: string,
  restoreTest: JournalledRestoreTest,
  log: string,
  redact: Redact,
): Notification {
  const { timestamp, outcome, problem = '' } = restoreTest;
  const title = `Restore test of ${database}, ${timestamp === undefined ? 'newest set' : `set ${timestamp}`}, ${OUTCOMES[outcome]}`;
  const state = outcome === 'passed' ? 'good' : 'trouble';
  return {
    event: 'drill.finished',
    state,
    database,
    title,
    text: problem,
    log,
    details: details({
      restoreTest: { ...restoreTest, ...(problem !== '' && { problem: redact(problem) }) },
    }),
  };
}

/**
 * Tells everybody, at the same time. Whom it does not reach is in the log, and changes nothing else.
 * @returns whether all were told
 */
export async function notify(
  { services, log, redact, signal }: Pick<CommandContext, 'services' | 'log' | 'redact' | 'signal'>,
  notification: Notification,
): Promise<boolean> {
  const clean = {
    ...notification,
    title: redact(notification.title),
    text: redact(notification.text),
    log: redact(notification.log),
  };
  const reported = services.notifiers.map(async (notifier) => {
    try {
      await notifier.notify(clean, { signal });
      return true;
    } catch (error) {
      const { code } = toBackupError(error);
      log.warn('notification.failed', describeError(error), { notifier: notifier.name, code });
      return false;
    }
  });
  return !(await Promise.all(reported)).includes(false);
}
