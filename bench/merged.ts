import type { Contest, Results, SetsResult } from './results.ts';

/** What was measured before with what was measured now: the same measurement is replaced, others stay. */
export function merged(before: Results, now: Results): Results {
  return {
    ...before,
    ...now,
    ...(now.runs && { runs: mergedBy(contestKey, before.runs, now.runs) }),
    ...(now.restore && { restore: mergedBy(contestKey, before.restore, now.restore) }),
    ...(now.growth && { growth: mergedBy(contestKey, before.growth, now.growth).sort(bySize) }),
    ...(now.sets && { sets: mergedBy(setsKey, before.sets, now.sets) }),
  };
}

function mergedBy<T>(keyOf: (one: T) => string, before: readonly T[] = [], now: readonly T[]): T[] {
  return [...new Map([...before, ...now].map((one) => [keyOf(one), one])).values()];
}

function contestKey({ server, databaseMb, smallFiles, s3 }: Contest): string {
  return [server, databaseMb, smallFiles, s3].join('/');
}

function setsKey({ sets, store, command }: SetsResult): string {
  return [sets, store, command].join('/');
}

function bySize(one: Contest, other: Contest): number {
  return (one.smallFiles ?? 0) - (other.smallFiles ?? 0) || one.databaseMb - other.databaseMb;
}
