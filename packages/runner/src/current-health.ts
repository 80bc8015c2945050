import {
  judgeHealth,
  longestGap,
  readSets,
  standingFailure,
  timestampToDate,
  type Health,
} from '@geolens/backup-core';
import type { Config } from './config/config.ts';
import { momentsOf } from './schedule/moments-of-sets.ts';
import type { CommandContext } from './services.ts';

/** Returns whether backups are made and can be restored, by the volume alone. */
export async function currentHealth({
  config,
  services,
  signal,
}: Pick<CommandContext, 'config' | 'services' | 'signal'>): Promise<Health> {
  const { clock, journal, primary } = services;
  const now = clock.now();
  const [state, all] = await Promise.all([journal.read(), readSets(primary, { signal })]);
  const sets = all.filter(
    ({ database, timestamp }) => database === config.connection.database && timestampToDate(timestamp) <= now,
  );
  return judgeHealth({
    now,
    maxAgeMs: maxAgeMs(config, now),
    journal: state,
    setsAt: momentsOf(sets),
    failedRestoreTest: standingFailure(sets),
  });
}

const MINUTE_MS = 60_000;
/** For a schedule that names no two moments within nine years. */
const FAR_MS = 9 * 366 * 24 * 60 * MINUTE_MS;

/** What BACKUP_MAX_AGE_MINUTES says; otherwise the longest gap of the schedule and half of it. */
function maxAgeMs({ maxAgeMinutes, schedule }: Config, now: Date): number {
  return maxAgeMinutes === undefined
    ? 1.5 * (longestGap(schedule, now) ?? FAR_MS)
    : maxAgeMinutes * MINUTE_MS;
}
