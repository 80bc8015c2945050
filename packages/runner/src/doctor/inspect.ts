import {
  failedCheck,
  readSets,
  throwIfAborted,
  type BackupSet,
  type DiagnosticResult,
  type Schedule,
} from '@geolens/backup-core';
import { checkFolder } from '../config/check-folder.ts';
import { currentHealth } from '../status/health.ts';
import { countText, localTimeText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';
import {
  checkDiskSpace,
  checkLastReplicaCheck,
  checkLastRestoreTest,
  checkLastSuccess,
  checkNewestSet,
  checkRestoreTestNeeds,
} from './checks.ts';

/** Everything that can be found out about the installation, concern by concern, as it is found out. */
export async function* inspect(context: CommandContext): AsyncGenerator<DiagnosticResult> {
  const { config, services, signal } = context;
  for (const message of config.warnings)
    yield { subject: 'configuration', level: 'warn', message, hint: 'Correct or remove it' };
  throwIfAborted(signal);
  for (const diagnosticCheck of services.diagnosticChecks) yield* await diagnosticCheck.inspect({ signal });
  yield* aboutSets(context);
  yield* aboutCopies(context);
  const now = services.clock.now();
  yield checkSchedule('schedule', config.schedule, now);
  if (config.restoreTestSchedule === undefined)
    yield {
      subject: 'restore tests',
      level: 'warn',
      message: 'no restore is ever tested (BACKUP_RESTORE_TEST_SCHEDULE=off)',
      hint: 'Unset BACKUP_RESTORE_TEST_SCHEDULE, or test restores by hand: geolens-backup verify --restore',
    };
  else yield checkSchedule('restore tests', config.restoreTestSchedule, now);
  if (services.replicas.length > 0) {
    if (config.replicaCheckSchedule === undefined)
      yield {
        subject: 'replica checks',
        level: 'warn',
        message: 'no copy is ever read by itself (BACKUP_REPLICA_CHECK_SCHEDULE=off)',
        hint: 'Unset BACKUP_REPLICA_CHECK_SCHEDULE, or read copies by hand: geolens-backup verify --all --store s3',
      };
    else yield checkSchedule('replica checks', config.replicaCheckSchedule, now);
    const { lastReplicaCheck } = await services.journal.read();
    if (lastReplicaCheck !== undefined) yield checkLastReplicaCheck(lastReplicaCheck);
  }
  yield aboutNotifications(context);
}

/** What is on the volume, and whether there is disk space for more sets and for a restore test. */
async function* aboutSets(context: CommandContext): AsyncGenerator<DiagnosticResult> {
  const { config, services, signal } = context;
  const { database } = config.connection;
  try {
    await checkFolder(config);
    const sets = (await readSets(services.primary, { signal })).filter(
      (set: BackupSet) => set.database === database,
    );
    yield checkDiskSpace({
      folder: config.backupDir,
      freeBytes: await services.freeBytes(config.backupDir),
      sets,
    });
    yield checkNewestSet(sets);
    const journal = await services.journal.read();
    yield checkLastSuccess(await currentHealth(context));
    const wanted = config.restoreTestSchedule !== undefined || config.verify === 'restore';
    const restoreTest = checkLastRestoreTest(journal, wanted, sets);
    if (restoreTest !== undefined) yield restoreTest;
    yield await checkRestoreTestNeeds(
      services.restoreTest,
      sets.find(({ state }) => state === 'complete'),
      wanted,
      signal,
    );
  } catch (error) {
    throwIfAborted(signal);
    yield failedCheck('sets', error);
  }
}

/** A set that lies on the disk of the database goes with it. */
async function* aboutCopies({ config, services, signal }: CommandContext): AsyncGenerator<DiagnosticResult> {
  const subject = 'off-site copy';
  if (services.replicas.length === 0) {
    yield {
      subject,
      level: 'warn',
      message: `there is none: every set is in ${config.backupDir} alone, perhaps on the same disk as the database`,
      hint: 'Set BACKUP_S3_ENABLED=true and S3_…, or bring copies elsewhere yourself',
    };
    return;
  }
  for (const replica of services.replicas) {
    try {
      const all = (await readSets(replica, { signal })).filter(
        ({ database }) => database === config.connection.database,
      );
      const bad = all.filter(({ state }) => state === 'bad');
      const ours = all.filter(({ state }) => state === 'complete');
      const unverified = ours.filter(({ checks }) => Object.values(checks).length === 0).length;
      const newest = ours[0];
      if (bad[0] !== undefined)
        yield {
          subject,
          level: 'fail',
          message: `${replica.name} has ${countText(bad.length, 'bad set')}; ${bad[0].timestamp}: ${bad[0].problems.join('; ')}`,
          hint: 'Run `geolens-backup run`, which copies again what the volume has',
        };
      else if (newest === undefined)
        yield {
          subject,
          level: 'warn',
          message: `${replica.name} has no complete set yet`,
          hint: 'Run `geolens-backup run`',
        };
      else
        yield {
          subject,
          level: 'ok',
          message: `${replica.name} has ${countText(ours.length, 'complete set')}, the newest ${newest.timestamp}${unverified === 0 ? '' : `; ${unverified} not verified there`}`,
        };
    } catch (error) {
      throwIfAborted(signal);
      yield failedCheck(subject, error);
    }
  }
}

function aboutNotifications({ services: { notifiers } }: CommandContext): DiagnosticResult {
  const subject = 'notifications';
  if (notifiers.length > 0)
    return {
      subject,
      level: 'ok',
      message: `told of every run: ${notifiers.map(({ name }) => name).join(', ')}`,
    };
  return {
    subject,
    level: 'warn',
    message: 'nobody is told when backups stop',
    hint: 'Set BACKUP_PING_URL (healthchecks.io, or one of your own) or BACKUP_WEBHOOK_URL, or watch `geolens-backup health`',
  };
}

const SHOWN = 3;

/** The next moments of a schedule, in its zone and in UTC. */
export function checkSchedule(subject: string, schedule: Schedule, now: Date): DiagnosticResult {
  const moments: Date[] = [];
  for (
    let next = schedule.next(now);
    next !== undefined && moments.length < SHOWN;
    next = schedule.next(next)
  )
    moments.push(next);
  if (moments.length === 0)
    return {
      subject,
      level: 'warn',
      message: `"${schedule.expression}" names no moment within nine years`,
      hint: 'Correct the schedule',
    };
  const inZone = moments.map((moment) => bothTexts(moment, schedule.zone));
  return {
    subject,
    level: 'ok',
    message: `"${schedule.expression}" in ${schedule.zone}: next ${inZone.join(', ')}`,
  };
}

/** `2026-11-22 02:00 (01:00 UTC)`; the day of UTC too where it is another one. */
function bothTexts(moment: Date, zone: string): string {
  const [wall, utc] = [localTimeText(moment, zone), localTimeText(moment, 'UTC')];
  if (wall === utc) return wall;
  const [day, time] = utc.split(' ') as [string, string];
  return `${wall} (${wall.startsWith(day) ? time : utc} UTC)`;
}
