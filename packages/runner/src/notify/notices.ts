import {
  suspicionText,
  type BackupError,
  type JournalledDrill,
  type Notice,
  type RunReport,
} from '@geolens/backup-core';
import type { Redact } from '../log/redact.ts';
import { outcomeText } from '../report/outcome-text.ts';
import { runReportJson } from '../report/run-report.ts';
import { toolVersion } from '../version.ts';

const details = (what: Record<string, unknown>): Record<string, unknown> => ({
  tool: 'geolens-backup',
  version: toolVersion(),
  ...what,
});

export function noticeOfStart(database: string, timestamp: string): Notice {
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

/** A set that nobody should rely on unseen is trouble, though the run is complete. */
export function noticeOfRun(report: RunReport, log: string, redact: Redact): Notice {
  const { database, outcome, suspicion, timestamp, errors, warnings } = report;
  const good = outcome === 'complete' && suspicion === undefined;
  const suspicious =
    suspicion === undefined || timestamp === undefined ? [] : [suspicionText(timestamp, suspicion.reasons)];
  const text = [...errors.map(({ message }) => message), ...new Set([...suspicious, ...warnings])].join('\n');
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
export function noticeOfFailure(
  database: string,
  { code, message }: BackupError,
  log: string,
  redact: Redact,
): Notice {
  const title = `Backup of ${database}: no run could be made`;
  return {
    event: 'run.finished',
    state: 'trouble',
    database,
    title,
    text: message,
    log,
    details: details({ run: { outcome: 'failed', database, errors: [{ code, message: redact(message) }] } }),
  };
}

const VERDICTS = {
  proven: 'is proven: it was restored, and is whole',
  bad: 'is BAD',
  unproven: 'could not be proven here',
  failed: 'could not be rehearsed',
} as const;

export function noticeOfDrill(database: string, drill: JournalledDrill, log: string, redact: Redact): Notice {
  const { timestamp, verdict, problem = '' } = drill;
  const title = `Drill of ${database}: ${timestamp === undefined ? 'the newest set' : `set ${timestamp}`} ${VERDICTS[verdict]}`;
  const state = verdict === 'proven' ? 'good' : 'trouble';
  return {
    event: 'drill.finished',
    state,
    database,
    title,
    text: problem,
    log,
    details: details({ drill: { ...drill, ...(problem !== '' && { problem: redact(problem) }) } }),
  };
}
