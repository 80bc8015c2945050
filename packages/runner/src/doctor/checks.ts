import {
  bytesOf,
  dumpOf,
  failedCheck,
  isFresh,
  isWhole,
  standingFailure,
  throwIfAborted,
  type BackupSet,
  type DiagnosticResult,
  type Health,
  type JournalledReplicaCheck,
  type JournalState,
  type RestoreTester,
} from '@geolens/backup-core';
import { isSettled } from '../status/health.ts';
import { suspicionText } from '../present/hints.ts';
import { bytesText, countText, roughDurationText } from '../present/units.ts';

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

/** A set may be larger than the one before, and another one may be due before anybody looks. */
const TIGHT_SETS = 3;
const MARGIN = 1.2;

interface SpaceRequest {
  readonly folder: string;
  readonly freeBytes: number;
  /** Of our database, newest first. */
  readonly sets: readonly BackupSet[];
}

/**
 * Whether there is room for the next set, judged by the newest one: retention makes room after it, not
 * before.
 */
export function checkDiskSpace({ folder, freeBytes, sets }: SpaceRequest): DiagnosticResult {
  const subject = 'space';
  const newest = sets.find(({ tier, state }) => tier === 'daily' && state !== 'partial');
  const free = `${bytesText(freeBytes)} are free in ${folder}`;
  if (newest === undefined)
    return { subject, level: 'ok', message: `${free}; how much a set takes is known after the first run` };
  const needed = bytesOf(newest) * MARGIN;
  const message = `${free}, and the next set takes about ${bytesText(needed)}`;
  const hint =
    'Free disk space, enlarge the volume, or lower BACKUP_RETENTION_DAILY and run `geolens-backup prune`';
  if (freeBytes < needed) return { subject, level: 'fail', message, hint };
  const room = Math.floor(freeBytes / needed);
  return room < TIGHT_SETS
    ? { subject, level: 'warn', message: `${message}: room for ${countText(room, 'set')}`, hint }
    : { subject, level: 'ok', message };
}

/**
 * Whether a temporary server could be made here, of the size that the newest set takes. It is tried up to the
 * server itself.
 */
export async function checkRestoreTestNeeds(
  restoreTest: RestoreTester,
  newest: BackupSet | undefined,
  wanted: boolean,
  signal: AbortSignal,
): Promise<DiagnosticResult> {
  const subject = 'temporary server';
  const manifest = newest?.manifest;
  const needs = {
    databaseBytes: manifest?.databaseBytes,
    dumpBytes: (manifest && dumpOf(manifest)?.bytes) ?? 0,
    keptBytes: 0,
  };
  try {
    const ground = await restoreTest.open(needs, { signal, whenHeld: 'fail' });
    if ('inconclusive' in ground) {
      const hint = wanted
        ? 'Until then no restore is tested; BACKUP_RESTORE_TEST_SCHEDULE=off accepts that'
        : 'Nothing has to be done as long as no restore test is wanted';
      return {
        subject,
        level: 'warn',
        message: `restore tests cannot run here: ${ground.inconclusive.join('; ')}`,
        hint,
      };
    }
    await ground[Symbol.asyncDispose]();
    if (ground.isolated === false)
      return {
        subject,
        level: 'warn',
        message: 'restore tests are not isolated: functions of the database run with the rights of this user',
        hint: 'Run restore tests as root, or in the container; BACKUP_RESTORE_TEST_ISOLATION=required allows no others',
      };
    return {
      subject,
      level: 'ok',
      message: 'there is disk space for a temporary server, and programs to make it',
    };
  } catch (error) {
    throwIfAborted(signal);
    return failedCheck(subject, error, 'warn');
  }
}
