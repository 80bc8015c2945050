import { errorText, throwIfAborted } from '../base/errors.ts';
import { readSets } from '../catalog/read-sets.ts';
import type { BackupSet } from '../model/backup-set.ts';
import type { Manifest } from '../model/manifest.ts';
import { formatTimestamp, timestampToDate, type RunTimestamp } from '../model/timestamp.ts';
import type { Clock } from '../ports/clock.ts';
import { promote, unfinishedPromotion } from './promote.ts';
import type { RunContext } from './run-context.ts';
import { chooseSizeBaseline, type SizeBaseline } from './size-baseline.ts';

/** What a new set is compared with. */
export interface Baseline {
  /** The newest complete set; `undefined` if there is none. */
  readonly former: Manifest | undefined;
  readonly sizeBaseline: SizeBaseline;
}

/** A run that can make its set. */
export interface PreparedRun extends Baseline {
  readonly timestamp: RunTimestamp;
}

/** Removes what dead runs left, finishes what they could not, and decides which set this run makes. */
export async function prepare(context: RunContext): Promise<PreparedRun> {
  const { parts, phases, signal, database, startedAt } = context;
  const { primary, clock } = parts;
  await phases.measure('clean-up', () => cleanUpOrphans(context));
  const sets = await readSets(primary, { signal });
  const unfinished = unfinishedPromotion(sets, database, startedAt);
  if (unfinished !== undefined) {
    const { set, tier } = unfinished;
    await context.attempt(() => promote(primary, set.artifacts, { ...set, tier }, { signal }));
  }
  const timestamp = await decideTimestamp(clock, sets, signal);
  phases.emit({ event: 'run.started', timestamp, database });
  return { timestamp, ...(await findBaseline(context, sets, timestamp)) };
}

/** What cannot be removed takes disk space, which does not keep the run from making a set. */
async function cleanUpOrphans({ parts, phases, signal, cleanedUp }: RunContext): Promise<void> {
  const onWarning = (message: string): void => {
    phases.warn(message);
  };
  for (const cleaner of [parts.primary, ...(parts.cleaners ?? [])]) {
    try {
      cleanedUp.push(...(await cleaner.cleanUp({ signal, onWarning })));
    } catch (error) {
      throwIfAborted(signal);
      phases.warn(`what earlier work left over could not be removed: ${errorText(error)}`);
    }
  }
}

/** Returns the present second, or the next one that no set of the store has. */
async function decideTimestamp(
  clock: Clock,
  sets: readonly BackupSet[],
  signal: AbortSignal,
): Promise<RunTimestamp> {
  const taken = new Set(sets.map(({ timestamp }) => timestamp));
  for (;;) {
    const timestamp = formatTimestamp(clock.now());
    if (!taken.has(timestamp)) return timestamp;
    await clock.sleepUntil(new Date(timestampToDate(timestamp).getTime() + 1000), signal);
  }
}

/** Finds what the new set is compared with: on the volume, or on a replica if the volume has nothing. */
async function findBaseline(
  context: RunContext,
  before: readonly BackupSet[],
  timestamp: RunTimestamp,
): Promise<Baseline> {
  const { phases, database } = context;
  const ours = before.filter((set) => set.database === database);
  const baseline = ours.some(({ state }) => state === 'complete') ? ours : await setsOfReplicas(context);
  const newest = ours[0];
  if (newest !== undefined && newest.timestamp > timestamp) {
    phases.warn(
      `the newest set (${newest.timestamp}) is younger than this run: check the clock of this machine`,
    );
  }
  return {
    former: baseline.find(({ state }) => state === 'complete')?.manifest,
    sizeBaseline: chooseSizeBaseline(baseline, { database, timestamp }),
  };
}

/**
 * Returns the sets of the database in the first replica that has complete ones. A new volume may be that of a
 * machine that replaces another: its first set is compared with what the old machine has left.
 */
async function setsOfReplicas({
  parts,
  phases,
  signal,
  database,
}: RunContext): Promise<readonly BackupSet[]> {
  for (const replica of parts.replicas ?? []) {
    try {
      const sets = (await readSets(replica, { signal })).filter((set) => set.database === database);
      if (sets.some(({ state }) => state === 'complete')) return sets;
    } catch (error) {
      throwIfAborted(signal);
      phases.warn(`${replica.name} could not be asked what sets were like before: ${errorText(error)}`);
    }
  }
  return [];
}
