import { BackupError, errorText, throwIfAborted } from '../base/errors.ts';
import { readSets } from '../catalog/read-sets.ts';
import type { BackupSet } from '../model/backup-set.ts';
import type { Manifest } from '../model/manifest.ts';
import { formatTimestamp, timestampToDate, type RunTimestamp } from '../model/timestamp.ts';
import type { Clock } from '../ports/clock.ts';
import { promote, unfinishedPromotion } from './promote.ts';
import type { RunContext } from './run-context.ts';
import { chooseSizeBaseline, type SizeBaseline } from './size-baseline.ts';

/** Sets that a new set is compared with. */
export interface Baseline {
  /** The newest complete set; `undefined` if there is none. */
  readonly former: Manifest | undefined;
  readonly sizeBaseline: SizeBaseline;
}

/** A run that is ready to make its set. */
export interface PreparedRun extends Baseline {
  readonly timestamp: RunTimestamp;
}

/** Cleans up after dead runs, completes their unfinished work, and chooses the timestamp of the new set. */
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

/** Failures to remove orphans do not stop the run; the orphans only take disk space. */
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

/** Milliseconds of real time after which a clock that has not moved counts as stopped. */
const STOPPED_MS = 2000;

/** Returns the current second, or the next one without a set in the store. */
async function decideTimestamp(
  clock: Clock,
  sets: readonly BackupSet[],
  signal: AbortSignal,
): Promise<RunTimestamp> {
  const taken = new Set(sets.map(({ timestamp }) => timestamp));
  for (;;) {
    const timestamp = formatTimestamp(clock.now());
    if (!taken.has(timestamp)) return timestamp;
    await sleepUntilNextSecond(clock, timestamp, signal);
  }
}

/** @throws BackupError STALLED if the clock is stopped, as a `ManualClock` is until the program advances it */
async function sleepUntilNextSecond(
  clock: Clock,
  timestamp: RunTimestamp,
  signal: AbortSignal,
): Promise<void> {
  const began = clock.now().getTime();
  const timeout = AbortSignal.timeout(STOPPED_MS);
  const stopped = new AbortController();
  timeout.addEventListener('abort', () => {
    if (clock.now().getTime() !== began) return;
    const message = `set ${timestamp} exists, and the clock does not reach the next second`;
    stopped.abort(new BackupError('STALLED', message, { hint: 'Advance the clock between two runs' }));
  });
  const nextSecond = new Date(timestampToDate(timestamp).getTime() + 1000);
  // Keeps the process alive, which a timeout and a stopped clock do not.
  const alive = new MessageChannel();
  alive.port1.ref();
  try {
    await clock.sleepUntil(nextSecond, AbortSignal.any([signal, stopped.signal]));
  } finally {
    alive.port1.close();
  }
}

/** Returns the sets to compare the new set with: of the volume, or of a replica if the volume has none. */
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
 * Returns the sets of the database in the first replica with complete ones. The volume may be new because its
 * machine replaces another. The first set is then compared with the replicated sets of the old machine.
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
