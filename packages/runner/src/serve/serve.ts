import { isBackupError, toBackupError, type BackupError } from '@geolens/backup-core';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { logError } from '../present/logger.ts';
import { loop } from './loop.ts';
import { momentsOfSets } from '../status/health.ts';
import { cleanUpAtStart, replacesAnother, waitForServer } from './start.ts';
import { durationText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';
import { toolVersion } from '../version.ts';
import { checkFolder } from '../config/check-folder.ts';
import { loggedRun } from '../commands/run.ts';
import { runScheduledReplicaChecks, runScheduledRestoreTests } from './scheduled-checks.ts';

/** Implements `serve`: follows the schedules until the signal fires. */
export async function serve(context: CommandContext): Promise<ExitCode> {
  const { config, log } = context;
  await checkFolder(config);
  await context.services.checkKeys();
  const { schedule, retention, connection, backupDir, s3 } = config;
  const copies = s3 === undefined ? '' : ` and s3://${s3.bucket}/${s3.prefix ?? ''}`;
  log.info(
    'serve.started',
    `geolens-backup ${toolVersion()}: database ${connection.database} on ${connection.host}:${connection.port} to ${backupDir}${copies}, ` +
      `schedule "${schedule.expression}" (${schedule.zone}), keeps ${retention.daily} daily and ${retention.weekly} weekly sets`,
    { version: toolVersion(), schedule: schedule.expression, zone: schedule.zone },
  );
  warnOfShortHistory(context);
  // Loaded only if the port is configured, because it takes memory.
  const status =
    config.http && (await (await import('../status/serve-status.ts')).serveStatus(context, config.http));
  try {
    await serveUntilStopped(context, () => status?.refresh());
  } finally {
    await status?.close();
  }
  log.info('serve.stopped', 'stopped, as asked');
  return EXIT.done;
}

/**
 * Cleans up after earlier processes. Then makes runs, restore tests and replica checks as scheduled.
 * @param changed called after each run
 */
async function serveUntilStopped(context: CommandContext, changed: () => void): Promise<void> {
  const { config, services, log, signal } = context;
  const { clock, journal, primary } = services;
  const { catchUp, schedule, restoreTestSchedule, replicaCheckSchedule, connection } = config;
  await cleanUpAtStart({
    cleaners: [services.primary, ...services.cleaners],
    lock: services.lock,
    log,
    signal,
  });
  const runOnce = async (): Promise<'made' | 'held'> => {
    try {
      await waitForServer(services.probe, { clock, log, signal });
      await loggedRun(context);
    } catch (error) {
      if (isBackupError(error, 'LOCK_HELD')) return waitForLock(context, error);
      if (!isBackupError(error, 'ABORTED')) logError(log, 'run.error', toBackupError(error));
    }
    changed();
    return 'made';
  };
  const onStart = config.onStart === 'empty' && (await replacesAnother(context)) ? 'never' : config.onStart;
  const doneAt = (): Promise<readonly Date[]> => momentsOfSets(primary, connection.database, signal);
  const runs = loop(
    { clock, journal, log, runOnce, what: 'run', doneAt },
    { schedule, catchUp, onStart, signal },
  );
  const restoreTests =
    restoreTestSchedule === undefined ? undefined : runScheduledRestoreTests(context, restoreTestSchedule);
  const replicaChecks =
    replicaCheckSchedule === undefined || services.stores.length === 1
      ? undefined
      : runScheduledReplicaChecks(context, replicaCheckSchedule);
  await Promise.all([runs, restoreTests, replicaChecks]);
}

/** Waits until another process releases the lock. Its work may have been the work that is due. */
async function waitForLock(
  { services, log, signal }: CommandContext,
  held: BackupError,
): Promise<'made' | 'held'> {
  log.warn('run.waiting', `the run is due and waits until the lock is free: ${held.message}`);
  try {
    const lease = await services.lock.acquire({ command: 'serve' }, { whenHeld: 'wait', signal });
    await lease.release();
    return 'held';
  } catch (error) {
    if (!isBackupError(error, 'ABORTED')) logError(log, 'run.error', toBackupError(error));
    return 'made'; // counts as a failed run, without an immediate retry
  }
}

const DAY_MS = 24 * 3_600_000;

/**
 * Warns if retention spans less time than its names suggest. It counts runs, and there may be several a day.
 */
function warnOfShortHistory({
  config: { schedule, retention },
  services: { clock },
  log,
}: CommandContext): void {
  const now = clock.now();
  const perDay = schedule.between(now, new Date(now.getTime() + DAY_MS)).length;
  if (perDay <= 1 || retention.daily >= 7 * perDay) return;
  log.warn(
    'serve.short_history',
    `the schedule has ${perDay} runs a day, and retention counts runs: ${retention.daily} daily sets reach back ${durationText((retention.daily / perDay) * DAY_MS)}, ` +
      `and each Sunday’s runs take a place in weekly. For a week and four Sundays set BACKUP_RETENTION_DAILY=${7 * perDay} and BACKUP_RETENTION_WEEKLY=${4 * perDay}`,
  );
}
