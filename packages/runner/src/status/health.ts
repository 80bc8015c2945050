import {
  judgeHealth,
  longestGap,
  readSets,
  timestampToDate,
  type ArtifactStore,
  type BackupSet,
  type Health,
  type JournalledRestoreTest,
  type RunInProgress,
} from '@geolens/backup-core';
import { isWhole, latestTest, newestPassed, standingFailure } from '@geolens/backup-core/internal';
import type { Config } from '../config/config.ts';
import type { CommandContext } from '../services.ts';
import { durationText, roughDurationText } from '../present/units.ts';

/** Returns whether backups are recent and can be restored. Reads only the volume. */
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
/** For a schedule without two times within nine years. */
const FAR_MS = 9 * 366 * 24 * 60 * MINUTE_MS;

/** Returns the maximum age. Defaults to 1.5 times the longest gap of the schedule. */
function maxAgeMs({ maxAgeMinutes, schedule }: Config, now: Date): number {
  return maxAgeMinutes === undefined
    ? 1.5 * (longestGap(schedule, now) ?? FAR_MS)
    : maxAgeMinutes * MINUTE_MS;
}

/** Returns the times of the whole sets of a database in a store. */
export async function momentsOfSets(
  store: ArtifactStore,
  database: string,
  signal?: AbortSignal,
): Promise<readonly Date[]> {
  const sets = await readSets(store, { signal });
  return momentsOf(sets.filter((set) => set.database === database));
}

function momentsOf(sets: readonly BackupSet[]): readonly Date[] {
  return sets.filter(isWhole).map(({ timestamp }) => timestampToDate(timestamp));
}

/**
 * Returns whether a failed restore test is settled: an operator accepted it, or this set or a newer one
 * passed.
 * @param sets sets of the database in the primary store
 */
export function isSettled(
  { outcome, timestamp }: JournalledRestoreTest,
  sets: readonly BackupSet[],
): boolean {
  if (outcome !== 'failed' || timestamp === undefined) return false;
  const passed = newestPassed(sets);
  const result = latestTest(sets.filter((set) => set.timestamp === timestamp));
  return result?.acceptedAt !== undefined || (passed !== undefined && passed >= timestamp);
}

/** Returns one line. The container engine keeps it as the output of its health check. */
export function healthText(health: Health): string {
  const { healthy, lastSuccessAt, ageMs, maxAgeMs, problem } = health;
  const most = `at most ${durationText(maxAgeMs)}`;
  const success = lastSuccessAt === undefined ? 'no set yet' : `last success ${lastSuccessAt.toISOString()}`;
  const age =
    ageMs === undefined
      ? ''
      : `, ${lastSuccessAt === undefined ? 'started ' : ''}${roughDurationText(ageMs)} ago (${most})`;
  const state = healthy ? 'healthy' : `unhealthy: ${problem ?? ''}`;
  return `${[`${state}: ${success}${age}`, ...runTexts(health)].join('; ')}\n`;
}

/** Describes the run in progress, and the last run if it failed. Empty if there is neither. */
export function runTexts({ lastFailure: failed, running }: Health): readonly string[] {
  const because = failed?.error === undefined ? '' : `: ${failed.error}`;
  return [
    ...(running === undefined ? [] : [`a run is in progress ${progressText(running)}`]),
    ...(failed === undefined ? [] : [`the last run failed at ${failed.at.toISOString()}${because}`]),
  ];
}

/** Returns `since 2026-11-22T02:00:00.000Z, produce dump, 40 %`. */
function progressText({ since, phase, percent }: RunInProgress): string {
  const known = [phase, percent === undefined ? undefined : `${percent} %`].filter(
    (one) => one !== undefined,
  );
  return [`since ${since.toISOString()}`, ...known].join(', ');
}

export function healthJson(health: Health): object {
  const { healthy, lastSuccessAt, ageMs, maxAgeMs, lastFailure, failedRestoreTest: failed, problem } = health;
  const { running } = health;
  return {
    healthy,
    lastSuccessAt: lastSuccessAt?.toISOString() ?? null,
    ageSeconds: ageMs === undefined ? null : Math.floor(ageMs / 1000),
    maxAgeSeconds: maxAgeMs / 1000,
    lastFailure:
      lastFailure === undefined
        ? null
        : { at: lastFailure.at.toISOString(), error: lastFailure.error ?? null },
    ...(running !== undefined && { running: { ...running, since: running.since.toISOString() } }),
    ...(failed !== undefined && {
      failedRestoreTest: {
        timestamp: failed.timestamp,
        at: failed.result.at,
        reason: failed.result.reason ?? null,
      },
    }),
    problem: problem ?? null,
  };
}
