import {
  isWhole,
  suspicionText,
  type BackupSet,
  type Finding,
  type Health,
  type JournalState,
} from '@geolens/backup-core';
import { countText, roughDurationText } from '../report/units.ts';

/** Whether runs succeed, and what the last one said. */
export function successFinding(health: Health): Finding {
  const concern = 'last success';
  const mend = 'Run `geolens-backup run`, and look at what it says';
  if (health.lastSuccessAt === undefined) {
    const level = health.healthy || health.ageMs === undefined ? 'warn' : 'fail';
    return { concern, level, message: health.problem ?? 'there is no set yet', mend };
  }
  const message = `${health.lastSuccessAt.toISOString()}, ${roughDurationText(health.ageMs ?? 0)} ago`;
  if (!health.healthy)
    return { concern, level: 'fail', message: `${health.problem ?? ''}: ${message}`, mend };
  const failed = health.lastFailure;
  if (failed === undefined) return { concern, level: 'ok', message };
  return {
    concern,
    level: 'warn',
    message: `${message}; but the last run failed at ${failed.at.toISOString()}${failed.error === undefined ? '' : `: ${failed.error}`}`,
    mend,
  };
}

/** What the newest set is worth. */
export function newestFinding(sets: readonly BackupSet[]): Finding {
  const concern = 'newest set';
  const newest = sets[0];
  if (newest === undefined)
    return { concern, level: 'warn', message: 'there is none yet', mend: 'Run `geolens-backup run`' };
  const { timestamp, state, problems } = newest;
  const named = `${timestamp} is ${state}`;
  const others = `${countText(sets.filter(isWhole).length, 'set')} of ${sets.length} on the volume can be restored`;
  if (state === 'complete') return { concern, level: 'ok', message: `${named}; ${others}` };
  if (state === 'suspicious') return { concern, level: 'warn', message: suspicionText(timestamp, problems) };
  if (state === 'legacy')
    return {
      concern,
      level: 'warn',
      message: `${named}: nothing is known of what is in it`,
      mend: 'Run `geolens-backup run`',
    };
  return {
    concern,
    level: 'fail',
    message: `${named}: ${problems.join('; ')}; ${others}`,
    mend: 'Run `geolens-backup run`, and look at the disk and the server',
  };
}

/** How the last scheduled drill ended. */
export function lastDrillFinding({ lastDrill }: JournalState, scheduled: boolean): Finding | undefined {
  const concern = 'last drill';
  if (lastDrill === undefined) return undefined;
  const { verdict, finishedAt, timestamp, problem } = lastDrill;
  const message = `${verdict} at ${finishedAt}${timestamp === undefined ? '' : `, set ${timestamp}`}${problem === undefined ? '' : `: ${problem}`}`;
  if (verdict === 'proven') return { concern, level: 'ok', message };
  return {
    concern,
    level: verdict === 'bad' && scheduled ? 'fail' : 'warn',
    message,
    mend: 'Run `geolens-backup verify --restore`, and look at what it says',
  };
}
