import { type BackupSet, type RetentionPolicy, timestampToDate } from '@geolens/backup-core';

const DAY = 86_400_000;

/**
 * Keeps all sets of the last days, and after that the first of every month for good. A policy only says what
 * it would like: the newest good set stays whatever it says, and while the newest one is suspicious all of
 * them do.
 */
export function byMonth(days: number): RetentionPolicy {
  return {
    decide(sets, { now }) {
      const firsts = new Map<string, BackupSet>();
      for (const set of [...sets].sort((one, other) => (one.timestamp < other.timestamp ? -1 : 1))) {
        const month = set.timestamp.slice(0, 6);
        if (set.state === 'complete' && !firsts.has(month)) firsts.set(month, set);
      }
      return sets.map((set) => {
        if (now.getTime() - timestampToDate(set.timestamp).getTime() < days * DAY)
          return { set, keep: true, reason: `of the last ${days} days` };
        const keep = firsts.get(set.timestamp.slice(0, 6)) === set;
        return {
          set,
          keep,
          reason: keep ? 'the first of its month' : 'neither recent nor the first of its month',
        };
      });
    },
  };
}
