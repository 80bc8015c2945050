import {
  isWhole,
  type BackupSet,
  type DiagnosticResult,
  type Health,
  type JournalState,
} from '@geolens/backup-core';
import { suspicionText } from '../present/hints.ts';
import { countText, roughDurationText } from '../report/units.ts';

/** Whether runs succeed, and what the last one said. */
export function checkLastSuccess(health: Health): DiagnosticResult {
  const subject = 'last success';
  const hint = 'Run `geolens-backup run`, and look at what it says';
  if (health.lastSuccessAt === undefined) {
    const level = health.healthy || health.ageMs === undefined ? 'warn' : 'fail';
    return { subject, level, message: health.problem ?? 'there is no set yet', hint };
  }
  const message = `${health.lastSuccessAt.toISOString()}, ${roughDurationText(health.ageMs ?? 0)} ago`;
  if (!health.healthy)
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

/** How the last scheduled restore test ended. */
export function checkLastRestoreTest(
  { lastRestoreTest }: JournalState,
  scheduled: boolean,
): DiagnosticResult | undefined {
  const subject = 'last restore test';
  if (lastRestoreTest === undefined) return undefined;
  const { outcome, finishedAt, timestamp, problem } = lastRestoreTest;
  const message = `${outcome} at ${finishedAt}${timestamp === undefined ? '' : `, set ${timestamp}`}${problem === undefined ? '' : `: ${problem}`}`;
  if (outcome === 'passed') return { subject, level: 'ok', message };
  return {
    subject,
    level: outcome === 'failed' && scheduled ? 'fail' : 'warn',
    message,
    hint: 'Run `geolens-backup verify --restore` to see why',
  };
}
