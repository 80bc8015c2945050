import {
  bytesOf,
  dumpOf,
  throwIfAborted,
  type BackupSet,
  type Health,
  type JournalledReplicaCheck,
  type JournalState,
  type RestoreTester,
} from '@geolens/backup-core';
import {
  failedCheck,
  isFresh,
  isWhole,
  standingFailure,
  type DiagnosticResult,
} from '@geolens/backup-core/internal';
import { suspicionText } from '../present/hints.ts';
import { bytesText, countText, roughDurationText } from '../present/units.ts';
import { isSettled, runTexts } from '../status/health.ts';
import { recipientChecks } from '../status/key-checks.ts';

const RUN = 'Run `geolens-backup run`';

/** Returns the result of a check. `hint` is `undefined` if there is nothing to do. */
export function result(
  subject: string,
  level: DiagnosticResult['level'],
  message: string,
  hint?: string,
): DiagnosticResult {
  return { subject, level, message, hint };
}

/** Checks whether runs succeed, how the last one ended, and whether one is in progress. */
export function checkLastSuccess(health: Health): DiagnosticResult {
  const subject = 'last success';
  const { lastSuccessAt, lastFailure, running, ageMs, problem } = health;
  const hint =
    running === undefined
      ? 'Run `geolens-backup run`, and look at what it says'
      : 'Wait for the end of the run in progress';
  const runs = runTexts(health);
  if (lastSuccessAt === undefined) {
    const level = health.healthy || ageMs === undefined ? 'warn' : 'fail';
    return result(subject, level, [problem ?? 'there is no set yet', ...runs].join('; '), hint);
  }
  const message = [`${lastSuccessAt.toISOString()}, ${roughDurationText(ageMs ?? 0)} ago`, ...runs].join(
    '; ',
  );
  if (!isFresh(health)) return result(subject, 'fail', `${problem ?? ''}: ${message}`, hint);
  return lastFailure === undefined ? result(subject, 'ok', message) : result(subject, 'warn', message, hint);
}

/** Returns the number of bad sets, and the name and the problems of the newest one. `undefined` if there are none. */
export function badSetsText(sets: readonly BackupSet[]): string | undefined {
  const bad = sets.filter(({ state }) => state === 'bad');
  const first = bad[0];
  const count = new Set(bad.map(({ timestamp }) => timestamp)).size;
  return first && `${countText(count, 'bad set')}; ${first.timestamp}: ${first.problems.join('; ')}`;
}

/** Checks the state of the newest set. */
export function checkNewestSet(sets: readonly BackupSet[]): DiagnosticResult {
  const subject = 'newest set';
  const newest = sets[0];
  if (newest === undefined) return result(subject, 'warn', 'there is none yet', RUN);
  const { timestamp, state, problems } = newest;
  const named = `${timestamp} is ${state}`;
  const others = `${countText(sets.filter(isWhole).length, 'set')} of ${sets.length} on the volume can be restored`;
  const bad = badSetsText(sets);
  if (state === 'complete' && bad !== undefined)
    return result(subject, 'warn', `${named}; ${others}; ${bad}`, 'Check the disk of the volume');
  if (state === 'complete') return result(subject, 'ok', `${named}; ${others}`);
  if (state === 'suspicious') return result(subject, 'warn', suspicionText(timestamp, problems));
  if (state === 'legacy') return result(subject, 'warn', `${named}: nothing is known of what is in it`, RUN);
  const hint =
    state === 'untrusted'
      ? 'If it is yours, sign it: `geolens-backup trust --before DATE`; otherwise find out who writes there'
      : 'Run `geolens-backup run`, and look at the disk and the server';
  return result(subject, 'fail', `${named}: ${problems.join('; ')}; ${others}`, hint);
}

/** Checks whether the newest restore test failed, and how the last scheduled one ended. */
export function checkLastRestoreTest(
  { lastRestoreTest }: JournalState,
  scheduled: boolean,
  sets: readonly BackupSet[] = [],
): DiagnosticResult | undefined {
  const subject = 'last restore test';
  const standing = standingFailure(sets);
  const show = 'Run `geolens-backup verify --restore` to see why';
  if (standing !== undefined) {
    const { timestamp, result: test } = standing;
    const message = `failed at ${test.at}, set ${timestamp}: ${test.reason ?? 'no reason is recorded'}`;
    const accept = `or \`geolens-backup accept ${timestamp}\` once it is known`;
    return result(subject, 'fail', message, `${show}, ${accept}`);
  }
  if (lastRestoreTest === undefined) return undefined;
  const { outcome, finishedAt, timestamp, problem } = lastRestoreTest;
  const message = `${outcome} at ${finishedAt}${timestamp === undefined ? '' : `, set ${timestamp}`}${problem === undefined ? '' : `: ${problem}`}`;
  if (outcome === 'passed') return result(subject, 'ok', message);
  const stands = outcome === 'failed' && scheduled && !isSettled(lastRestoreTest, sets);
  return result(subject, stands ? 'fail' : 'warn', message, show);
}

/** Checks how the last scheduled check of the replicas ended. */
export function checkLastReplicaCheck(check: JournalledReplicaCheck): DiagnosticResult {
  const { outcome, finishedAt, sets, problem } = check;
  const message = `${outcome} at ${finishedAt}, ${countText(sets, 'set')} read${problem === undefined ? '' : `: ${problem}`}`;
  const subject = 'last replica check';
  if (outcome === 'passed') return result(subject, 'ok', message);
  const hint = `${RUN}, which copies a damaged set again, then \`geolens-backup verify --all --store s3\``;
  // The check of the copies decides by the present state of all sets.
  return result(subject, 'warn', message, hint);
}

/** A set may be larger than the previous one. The next one can be due before an operator sees the warning. */
const TIGHT_SETS = 3;
const MARGIN = 1.2;

/** Few databases and files are compressed to less than a tenth. */
const MOST_COMPRESSION = 10;

/**
 * Checks the disk space for the next set, estimated from the newest one, or else from the content. Retention
 * frees disk space only after that set is written.
 * @param sets sets of the configured database, newest first
 * @param contentBytes size of database and files before compression; `undefined` if unknown
 */
export function checkDiskSpace({
  folder,
  freeBytes,
  sets,
  contentBytes,
}: {
  readonly folder: string;
  readonly freeBytes: number;
  readonly sets: readonly BackupSet[];
  readonly contentBytes?: number | undefined;
}): DiagnosticResult {
  const subject = 'space';
  const newest = sets.find(({ tier, state }) => tier === 'daily' && state !== 'partial');
  const free = `${bytesText(freeBytes)} are free in ${folder}`;
  if (newest === undefined) {
    const unknown = 'how much a set takes is known after the first run';
    if (contentBytes === undefined) return result(subject, 'ok', `${free}; ${unknown}`);
    const estimate = `${free}; database without indexes and staging files take ${bytesText(contentBytes)} before compression; ${unknown}`;
    if (freeBytes >= contentBytes) return result(subject, 'ok', estimate);
    const level = freeBytes < contentBytes / MOST_COMPRESSION ? 'fail' : 'warn';
    return result(subject, level, estimate, 'Free disk space, or enlarge the volume');
  }
  const needed = bytesOf(newest) * MARGIN;
  const message = `${free}, and the next set takes about ${bytesText(needed)}`;
  const hint =
    'Free disk space, enlarge the volume, or lower BACKUP_RETENTION_DAILY and run `geolens-backup prune`';
  if (freeBytes < needed) return result(subject, 'fail', message, hint);
  const room = Math.floor(freeBytes / needed);
  return room < TIGHT_SETS
    ? result(subject, 'warn', `${message}: room for ${countText(room, 'set')}`, hint)
    : result(subject, 'ok', message);
}

/**
 * Checks whether a temporary server for the newest set can be created here. Tests everything except the
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
      const why = ground.inconclusive.join('; ');
      return result(subject, 'warn', `restore tests cannot run here: ${why}`, hint);
    }
    await ground[Symbol.asyncDispose]();
    if (ground.isolated !== false)
      return result(subject, 'ok', 'there is disk space for a temporary server, and programs to make it');
    return result(
      subject,
      'warn',
      'restore tests are not isolated: functions of the database run with the rights of this user',
      'Run restore tests as root, or in the container; BACKUP_RESTORE_TEST_ISOLATION=required allows no others',
    );
  } catch (error) {
    throwIfAborted(signal);
    return failedCheck(subject, error, 'warn');
  }
}

/** Checks when the identity of each recipient last opened a set, and whether one is on this host. */
export function* checkKeys(
  recipients: readonly string[],
  {
    journal,
    now,
    hasIdentity,
  }: {
    readonly journal: JournalState;
    readonly now: Date;
    /** Whether the configuration of this host has an identity. */
    readonly hasIdentity: boolean;
  },
): Generator<DiagnosticResult> {
  for (const { recipient, text, checkedAt, isDue } of recipientChecks(recipients, journal, now)) {
    const message = `the identity of ${recipient} was ${text}`;
    const at = checkedAt === undefined ? '' : `, at ${checkedAt.toISOString()}`;
    yield isDue
      ? result('age key check', 'warn', message + at, 'Run `geolens-backup key check --identity-file -`')
      : result('age key check', 'ok', message + at);
  }
  if (hasIdentity)
    yield result(
      'age identity',
      'warn',
      'an identity is configured on this host: an intruder on this host can decrypt the sets',
      'Nothing has to be done if that is intended, for restore tests of encrypted sets. Otherwise unset BACKUP_AGE_IDENTITY_FILE',
    );
}
