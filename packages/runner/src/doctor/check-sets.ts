import {
  isFresh,
  isWhole,
  standingFailure,
  type BackupSet,
  type DiagnosticResult,
  type Health,
  type JournalledReplicaCheck,
  type JournalState,
} from '@geolens/backup-core';
import { isSettled } from '../status/health.ts';
import { suspicionText } from '../present/hints.ts';
import { countText, roughDurationText } from '../present/units.ts';

/** Whether runs succeed, and what the last one said. */
export function checkLastSuccess(health: Health): DiagnosticResult {
  const subject = 'last success';
  const hint = 'Run `geolens-backup run`, and look at what it says';
  if (health.lastSuccessAt === undefined) {
    const level = health.healthy || health.ageMs === undefined ? 'warn' : 'fail';
    return { subject, level, message: health.problem ?? 'there is no set yet', hint };
  }
  const message = `${health.lastSuccessAt.toISOString()}, ${roughDurationText(health.ageMs ?? 0)} ago`;
  if (!isFresh(health))
    return { subject, level: 'fail', message: `${health.problem ?? ''}: ${message}`, hint };
  const failed = health.lastFailure;
  if (failed === undefined) return { subject, level: 'ok', message };
  return {
    subject,
    level: 'warn',
    message: `${message}; but the last run failed at ${failed.at.toISOString()}${failed.error === undefined ? '' : `: ${failed.error}`}`,
    hint,
  };
}

/** What the newest set is worth. */
export function checkNewestSet(sets: readonly BackupSet[]): DiagnosticResult {
  const subject = 'newest set';
  const newest = sets[0];
  if (newest === undefined)
    return { subject, level: 'warn', message: 'there is none yet', hint: 'Run `geolens-backup run`' };
  const { timestamp, state, problems } = newest;
  const named = `${timestamp} is ${state}`;
  const others = `${countText(sets.filter(isWhole).length, 'set')} of ${sets.length} on the volume can be restored`;
  if (state === 'complete') return { subject, level: 'ok', message: `${named}; ${others}` };
  if (state === 'suspicious') return { subject, level: 'warn', message: suspicionText(timestamp, problems) };
  if (state === 'legacy')
    return {
      subject,
      level: 'warn',
      message: `${named}: nothing is known of what is in it`,
      hint: 'Run `geolens-backup run`',
    };
  return {
    subject,
    level: 'fail',
    message: `${named}: ${problems.join('; ')}; ${others}`,
    hint: 'Run `geolens-backup run`, and look at the disk and the server',
  };
}

/** Whether the newest restore test failed, and how the last scheduled one ended. */
export function checkLastRestoreTest(
  { lastRestoreTest }: JournalState,
  scheduled: boolean,
  sets: readonly BackupSet[] = [],
): DiagnosticResult | undefined {
  const subject = 'last restore test';
  const standing = standingFailure(sets);
  if (standing !== undefined) {
    const { timestamp, result } = standing;
    return {
      subject,
      level: 'fail',
      message: `failed at ${result.at}, set ${timestamp}: ${result.reason ?? 'no reason is recorded'}`,
      hint: `Run \`geolens-backup verify --restore\` to see why, or \`geolens-backup accept ${timestamp}\` once it is known`,
    };
  }
  if (lastRestoreTest === undefined) return undefined;
  const { outcome, finishedAt, timestamp, problem } = lastRestoreTest;
  const message = `${outcome} at ${finishedAt}${timestamp === undefined ? '' : `, set ${timestamp}`}${problem === undefined ? '' : `: ${problem}`}`;
  if (outcome === 'passed') return { subject, level: 'ok', message };
  return {
    subject,
    level: outcome === 'failed' && scheduled && !isSettled(lastRestoreTest, sets) ? 'fail' : 'warn',
    message,
    hint: 'Run `geolens-backup verify --restore` to see why',
  };
}

/** How the last scheduled check of the replicas ended. */
export function checkLastReplicaCheck({
  outcome,
  finishedAt,
  sets,
  problem,
}: JournalledReplicaCheck): DiagnosticResult {
  const message = `${outcome} at ${finishedAt}, ${countText(sets, 'set')} read${problem === undefined ? '' : `: ${problem}`}`;
  const subject = 'last replica check';
  if (outcome === 'passed') return { subject, level: 'ok', message };
  const hint =
    'Run `geolens-backup run`, which copies a damaged set again, then `geolens-backup verify --all --store s3`';
  return { subject, level: outcome === 'failed' ? 'fail' : 'warn', message, hint };
}
