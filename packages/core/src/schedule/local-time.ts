import { DateTime } from 'luxon';

const DAY = 24 * 3_600_000;

/**
 * The instants at which the wall clock shows the time, or, where the clock skips it, the instant as far after
 * the skip as the time was after its begin. Of two, both are answered when `both` is set, otherwise the
 * first.
 */
export function instantsOf(local: number, zone: string, both: boolean): readonly number[] {
  const before = offsetOf(local - DAY, zone);
  const after = offsetOf(local + DAY, zone);
  const instants = [...new Set([local - before, local - after])]
    .filter((instant) => instant + offsetOf(instant, zone) === local)
    .sort((one, other) => one - other);
  if (instants.length === 0) return [local - before];
  return both ? instants : instants.slice(0, 1);
}

/** How far the zone's clock is ahead of UTC at the instant, in milliseconds. */
export function offsetOf(instant: number, zone: string): number {
  return DateTime.fromMillis(instant, { zone }).offset * 60_000;
}
