import {
  toBackupError,
  type BackupError,
  type JournalledReplicaCheck,
  type JournalledRestoreTest,
  type RunReport,
} from '@geolens/backup-core';
import type { Notification } from '@geolens/backup-core/internal';
import { describeError, errorJson, warningsOfRun } from '../present/hints.ts';
import type { Redact } from '../present/redact.ts';
import { outcomeText, runReportJson } from '../present/run-report.ts';
import { countText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';
import { toolVersion } from '../version.ts';

/**
 * Notifies all channels concurrently. Logs the failure of a channel and continues.
 * @returns whether all channels were notified
 */
export async function notify(
  { services, log, redact, signal }: CommandContext,
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

const details = (what: Record<string, unknown>): Record<string, unknown> => ({
  tool: 'geolens-backup',
  version: toolVersion(),
  ...what,
});

export function startNotification(database: string, timestamp: string): Notification {
  return {
    event: 'run.started',
    state: 'started',
    database,
    title: `run ${timestamp} of database ${database} begins`,
    text: '',
    log: '',
    details: details({ timestamp }),
  };
}

/** Returns the notification of a run. A suspicious set or an inconclusive restore test is trouble too. */
export function runNotification(report: RunReport, log: string, redact: Redact): Notification {
  const { database, outcome, suspicion, errors, restoreTest } = report;
  const isTested = restoreTest?.outcome !== 'inconclusive';
  const good = outcome === 'succeeded' && suspicion === undefined && isTested;
  return {
    event: 'run.finished',
    state: good ? 'good' : 'trouble',
    database,
    title: `Backup of ${database}: ${outcomeText(report)}`,
    text: [...errors.map(describeError), ...new Set(warningsOfRun(report))].join('\n'),
    log,
    details: details({ run: runReportJson(report, redact) }),
  };
}

/** Returns the notification of a run that could not start. */
export function failureNotification(
  database: string,
  error: BackupError,
  log: string,
  redact: Redact,
): Notification {
  return {
    event: 'run.finished',
    state: 'trouble',
    database,
    title: `Backup of ${database}: no run could be made`,
    text: describeError(error),
    log,
    details: details({ run: { outcome: 'failed', database, errors: [errorJson(redact)(error)] } }),
  };
}

/** Returns the notification of a scheduled replica check. */
export function replicaCheckNotification(
  database: string,
  replicaCheck: JournalledReplicaCheck,
  log: string,
  redact: Redact,
): Notification {
  const { outcome, sets, problem } = replicaCheck;
  return {
    event: 'replica-check.finished',
    state: outcome === 'passed' ? 'good' : 'trouble',
    database,
    title: `Check of ${countText(sets, 'copied set')} of ${database}: ${outcome}`,
    text: problem ?? '',
    log,
    details: details({ replicaCheck: { ...replicaCheck, problem: problem && redact(problem) } }),
  };
}

const OUTCOMES = {
  passed: 'passed: it was restored, and is whole',
  failed: 'FAILED',
  inconclusive: 'is inconclusive',
  skipped: 'could not be made',
} as const;

export function restoreTestNotification(
  database: string,
  restoreTest: JournalledRestoreTest,
  log: string,
  redact: Redact,
): Notification {
  const { timestamp, outcome, problem } = restoreTest;
  const set = timestamp === undefined ? 'newest set' : `set ${timestamp}`;
  return {
    event: 'drill.finished',
    state: outcome === 'passed' ? 'good' : 'trouble',
    database,
    title: `Restore test of ${database}, ${set}, ${OUTCOMES[outcome]}`,
    text: problem ?? '',
    log,
    details: details({ restoreTest: { ...restoreTest, problem: problem && redact(problem) } }),
  };
}
