import { formatTimestamp, timestampToDate, type RunTimestamp } from '../model/timestamp.ts';
import type { Clock } from '../ports/clock.ts';
import type { BackupSet } from '../model/backup-set.ts';

/** The moment of the run, decided once: the present second, or the next one that no set of the store has. */
export async function decideTimestamp(
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
