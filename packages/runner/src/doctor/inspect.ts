import {
  cleanUpKept,
  readSets,
  throwIfAborted,
  type ArtifactStore,
  type BackupSet,
  type Schedule,
} from '@geolens/backup-core';
import { failedCheck, notChecked, type DiagnosticResult } from '@geolens/backup-core/internal';
import { checkFolder } from '../config/check-folder.ts';
import { ageOf } from '../present/kept.ts';
import { bytesText, countText, localTimeText, roughDurationText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';
import { currentHealth } from '../status/health.ts';
import {
  badSetsText,
  checkDiskSpace,
  checkKeys,
  checkLastReplicaCheck,
  checkLastRestoreTest,
  checkLastSuccess,
  checkNewestSet,
  checkRestoreTestNeeds,
  result,
} from './checks.ts';

/** Yields the check results of the installation, subject by subject, as soon as they are available. */
export async function* inspect(context: CommandContext): AsyncGenerator<DiagnosticResult> {
  const { config, services, signal } = context;
  for (const message of config.warnings)
    yield result('configuration', 'warn', message, 'Correct or remove it');
  throwIfAborted(signal);
  const seen: DiagnosticResult[] = [];
  for (const diagnosticCheck of services.diagnosticChecks) {
    const results = await diagnosticCheck.inspect({ signal });
    yield* results;
    seen.push(...results);
  }
  const failed = new Set(seen.flatMap(({ subject, level }) => (level === 'fail' ? [subject] : [])));
  const content = seen.flatMap(({ contentBytes = [] }) => contentBytes);
  const contentBytes = content.length === 0 ? undefined : content.reduce((sum, bytes) => sum + bytes);
  yield* aboutSets(context, failed, contentBytes);
  yield* aboutCopies(context, failed);
  yield* aboutKept(context);
  const now = services.clock.now();
  yield checkSchedule('schedule', config.schedule, now);
  yield config.restoreTestSchedule === undefined
    ? result(
        'restore tests',
        'warn',
        'no restore is ever tested (BACKUP_RESTORE_TEST_SCHEDULE=off)',
        'Unset BACKUP_RESTORE_TEST_SCHEDULE, or test restores by hand: geolens-backup verify --restore',
      )
    : checkSchedule('restore tests', config.restoreTestSchedule, now);
  if (services.stores.length > 1) {
    yield config.replicaCheckSchedule === undefined
      ? result(
          'replica checks',
          'warn',
          'no copy is ever read by itself (BACKUP_REPLICA_CHECK_SCHEDULE=off)',
          'Unset BACKUP_REPLICA_CHECK_SCHEDULE, or read copies by hand: geolens-backup verify --all --store s3',
        )
      : checkSchedule('replica checks', config.replicaCheckSchedule, now);
    const { lastReplicaCheck } = await services.journal.read();
    if (lastReplicaCheck !== undefined) yield checkLastReplicaCheck(lastReplicaCheck);
  }
  yield* aboutKeys(context);
  const notifiers = services.notifiers.map(({ name }) => name);
  yield notifiers.length > 0
    ? result('notifications', 'ok', `told of every run: ${notifiers.join(', ')}`)
    : result(
        'notifications',
        'warn',
        'no notification is sent when backups stop',
        'Set BACKUP_PING_URL (healthchecks.io, or one of your own) or BACKUP_WEBHOOK_URL, or watch `geolens-backup health`',
      );
}

/** Checks the keys of encrypted sets. Another check reports a journal that cannot be read. */
async function* aboutKeys({ config, services }: CommandContext): AsyncGenerator<DiagnosticResult> {
  const recipients = services.readCipher?.recipients ?? [];
  if (recipients.length === 0) return;
  yield* checkKeys(recipients, {
    journal: await services.journal.read().catch(() => ({})),
    now: services.clock.now(),
    hasIdentity: config.identities !== undefined,
  });
}

/** Returns the sets of the configured database in a store. */
async function ourSets({ config, signal }: CommandContext, store: ArtifactStore): Promise<BackupSet[]> {
  const sets = await readSets(store, { signal });
  return sets.filter(({ database }) => database === config.connection.database);
}

/** Checks the sets on the volume, and the disk space for more sets and for a restore test. */
async function* aboutSets(
  context: CommandContext,
  failed: ReadonlySet<string>,
  contentBytes: number | undefined,
): AsyncGenerator<DiagnosticResult> {
  const { config, services, signal } = context;
  const { backupDir: folder } = config;
  try {
    await checkFolder(config);
    const sets = await ourSets(context, services.primary);
    yield checkDiskSpace({ folder, freeBytes: await services.freeBytes(folder), sets, contentBytes });
    yield checkNewestSet(sets);
    const journal = await services.journal.read();
    yield checkLastSuccess(await currentHealth(context));
    const wanted = config.restoreTestSchedule !== undefined || config.verify === 'restore';
    const restoreTest = checkLastRestoreTest(journal, wanted, sets);
    if (restoreTest !== undefined) yield restoreTest;
    const newest = sets.find(({ state }) => state === 'complete');
    yield await checkRestoreTestNeeds(services.restoreTest, newest, wanted, signal);
  } catch (error) {
    throwIfAborted(signal);
    yield failed.has('folder') ? notChecked('sets', 'folder') : failedCheck('sets', error);
  }
}

/** Milliseconds after which kept content is reported as a warning. */
const OLD_MS = 30 * 24 * 3_600_000;

/** Reports what restores kept. Other checks report a server or a folder that cannot be read. */
async function* aboutKept({ config, services, signal }: CommandContext): AsyncGenerator<DiagnosticResult> {
  const request = { database: config.connection.database, folder: config.stagingDir, dryRun: true };
  const { kept } = await cleanUpKept(services, request, { signal });
  if (kept[0] === undefined) return;
  const age = ageOf(kept[0], services.clock.now());
  const bytes = kept.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
  yield result(
    'kept by restores',
    age > OLD_MS ? 'warn' : 'ok',
    `${kept.map(({ name }) => name).join(', ')}: ${bytesText(bytes)}, the oldest ${roughDurationText(age)} old`,
    age > OLD_MS ? 'If they are not needed: geolens-backup cleanup' : undefined,
  );
}

/** Checks the copies in other stores: a set on the disk of the database is lost with that disk. */
async function* aboutCopies(
  context: CommandContext,
  failed: ReadonlySet<string>,
): AsyncGenerator<DiagnosticResult> {
  const subject = 'off-site copy';
  const { config, services, signal } = context;
  if (services.stores.length === 1)
    yield result(
      subject,
      'warn',
      `there is none: every set is in ${config.backupDir} alone, perhaps on the same disk as the database`,
      'Set BACKUP_S3_ENABLED=true and S3_…, or bring copies elsewhere yourself',
    );
  for (const replica of services.stores.slice(1)) {
    const listing = `${replica.name} list`;
    if (failed.has(listing)) {
      yield notChecked(subject, listing);
      continue;
    }
    try {
      yield checkCopies(subject, replica.name, await ourSets(context, replica));
    } catch (error) {
      throwIfAborted(signal);
      yield failedCheck(subject, error);
    }
  }
}

function checkCopies(subject: string, replica: string, sets: readonly BackupSet[]): DiagnosticResult {
  const bad = badSetsText(sets);
  const complete = sets.filter(({ state }) => state === 'complete');
  if (bad !== undefined) {
    const message = `${replica} has ${countText(complete.length, 'complete set')}, and ${bad}`;
    const hint = 'Run `geolens-backup run`, which copies again what the volume has';
    return result(subject, complete.length === 0 ? 'fail' : 'warn', message, hint);
  }
  const unverified = complete.filter(({ checks }) => Object.values(checks).length === 0).length;
  const newest = complete[0];
  if (newest === undefined)
    return result(subject, 'warn', `${replica} has no complete set yet`, 'Run `geolens-backup run`');
  const left = unverified === 0 ? '' : `; ${unverified} not verified there`;
  const message = `${replica} has ${countText(complete.length, 'complete set')}, the newest ${newest.timestamp}${left}`;
  return result(subject, 'ok', message);
}

const SHOWN = 3;

/** Returns the next times of a schedule, in its zone and in UTC. */
export function checkSchedule(subject: string, schedule: Schedule, now: Date): DiagnosticResult {
  const { expression, zone } = schedule;
  const moments: string[] = [];
  let next = schedule.next(now);
  for (; next !== undefined && moments.length < SHOWN; next = schedule.next(next))
    moments.push(bothTexts(next, zone));
  return moments.length === 0
    ? result(subject, 'warn', `"${expression}" names no moment within nine years`, 'Correct the schedule')
    : result(subject, 'ok', `"${expression}" in ${zone}: next ${moments.join(', ')}`);
}

/** Returns `2026-11-22 02:00 (01:00 UTC)`. Adds the date in UTC if it differs. */
function bothTexts(moment: Date, zone: string): string {
  const [local, utc] = [localTimeText(moment, zone), localTimeText(moment, 'UTC')];
  if (local === utc) return local;
  const [day, time] = utc.split(' ') as [string, string];
  return `${local} (${local.startsWith(day) ? time : utc} UTC)`;
}
