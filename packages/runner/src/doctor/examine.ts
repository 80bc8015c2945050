import { failedFinding, readSets, throwIfAborted, type BackupSet, type Finding } from '@geolens/backup-core';
import { checkFolder } from '../check-folder.ts';
import { currentHealth } from '../current-health.ts';
import { countText } from '../report/units.ts';
import type { CommandContext } from '../services.ts';
import { drillFinding } from './drill-finding.ts';
import { scheduleFinding } from './schedule-finding.ts';
import { lastDrillFinding, newestFinding, successFinding } from './sets-findings.ts';
import { spaceFinding } from './space-finding.ts';

/** Everything that can be found out about the installation, concern by concern, as it is found out. */
export async function* examine(context: CommandContext): AsyncGenerator<Finding> {
  const { config, services, signal } = context;
  for (const message of config.warnings)
    yield { concern: 'configuration', level: 'warn', message, mend: 'Correct or remove it' };
  throwIfAborted(signal);
  for (const examiner of services.examiners) yield* await examiner.examine({ signal });
  yield* aboutSets(context);
  yield* aboutCopies(context);
  const now = services.clock.now();
  yield scheduleFinding('schedule', config.schedule, now);
  if (config.drillSchedule === undefined)
    yield {
      concern: 'drills',
      level: 'warn',
      message: 'no restore is ever rehearsed (BACKUP_DRILL_SCHEDULE=off)',
      mend: 'Unset BACKUP_DRILL_SCHEDULE, or rehearse restores by hand: geolens-backup verify --restore',
    };
  else yield scheduleFinding('drills', config.drillSchedule, now);
  yield aboutNotifications(context);
}

/** What is on the volume, whether there is room for more, and for a drill. */
async function* aboutSets(context: CommandContext): AsyncGenerator<Finding> {
  const { config, services, signal } = context;
  const { database } = config.connection;
  try {
    await checkFolder(config);
    const sets = (await readSets(services.primary, { signal })).filter(
      (set: BackupSet) => set.database === database,
    );
    yield spaceFinding({
      folder: config.backupDir,
      freeBytes: await services.freeBytes(config.backupDir),
      sets,
    });
    yield newestFinding(sets);
    const journal = await services.journal.read();
    yield successFinding(await currentHealth(context));
    const wanted = config.drillSchedule !== undefined || config.verify === 'restore';
    const drill = lastDrillFinding(journal, wanted);
    if (drill !== undefined) yield drill;
    yield await drillFinding(
      services.drill,
      sets.find(({ state }) => state === 'complete'),
      wanted,
      signal,
    );
  } catch (error) {
    throwIfAborted(signal);
    yield failedFinding('sets', error);
  }
}

/** A set that lies on the disk of the database goes with it. */
async function* aboutCopies({ config, services, signal }: CommandContext): AsyncGenerator<Finding> {
  const concern = 'off-site copy';
  if (services.replicas.length === 0) {
    yield {
      concern,
      level: 'warn',
      message: `there is none: every set is in ${config.backupDir} alone, perhaps on the same disk as the database`,
      mend: 'Set BACKUP_S3_ENABLED=true and S3_…, or bring copies elsewhere yourself',
    };
    return;
  }
  for (const replica of services.replicas) {
    try {
      const ours = (await readSets(replica, { signal })).filter(
        ({ database, state }) => database === config.connection.database && state === 'complete',
      );
      const newest = ours[0];
      if (newest === undefined)
        yield {
          concern,
          level: 'warn',
          message: `${replica.name} has no complete set yet`,
          mend: 'Run `geolens-backup run`',
        };
      else
        yield {
          concern,
          level: 'ok',
          message: `${replica.name} has ${countText(ours.length, 'complete set')}, the newest ${newest.timestamp}`,
        };
    } catch (error) {
      throwIfAborted(signal);
      yield failedFinding(concern, error);
    }
  }
}

function aboutNotifications({ services: { notifiers } }: CommandContext): Finding {
  const concern = 'notifications';
  if (notifiers.length > 0)
    return {
      concern,
      level: 'ok',
      message: `told of every run: ${notifiers.map(({ name }) => name).join(', ')}`,
    };
  return {
    concern,
    level: 'warn',
    message: 'nobody is told when backups stop',
    mend: 'Set BACKUP_PING_URL (healthchecks.io, or one of your own) or BACKUP_WEBHOOK_URL, or watch `geolens-backup health`',
  };
}
