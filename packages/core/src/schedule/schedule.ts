import { CronExpressionParser } from 'cron-parser';
import { DateTime, IANAZone } from 'luxon';
import { BackupError } from '../base/errors.ts';
import { MACROS, parseCron } from './cron-text.ts';

export { MACROS };

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Search margin around a span. Zones have moved their clocks by at most a day (Samoa, 2011). */
const LARGEST_SHIFT = 26 * HOUR;

/**
 * Longest span in which a zone changes its clock at most once, so that the offsets at its ends are complete.
 */
const LONG_SPAN = 3 * DAY;

/** Search distances, in growing steps. Nine years contain a leap day, even across 2100. */
const REACHES = [HOUR, DAY, 32 * DAY, 366 * DAY, 9 * 366 * DAY];

/**
 * Times at which runs are due. A slot is an instant in whole minutes.
 *
 * - A local time that a clock change skips moves by the length of the gap (02:30 becomes 03:30).
 * - A local time that occurs twice is a slot only the first time. If the hour field begins with `*` (every
 *   elapsed hour), both are slots.
 *
 * Thus no run is lost or repeated.
 */
export interface Schedule {
  /** Expression as given. */
  readonly expression: string;
  /** IANA time zone: `Europe/Berlin`. */
  readonly zone: string;
  /** Returns the first slot after the moment. `undefined` if there is none within nine years. */
  next(after: Date): Date | undefined;
  /** Returns the last slot at or before the moment. `undefined` if there is none within nine years. */
  previous(atOrBefore: Date): Date | undefined;
  /** Returns all slots after `from`, up to and including `to`, in order. */
  between(from: Date, to: Date): readonly Date[];
}

/**
 * Parses a five-field cron expression, or a macro such as `@daily`, in an IANA time zone.
 * @throws BackupError SCHEDULE_INVALID, with the reason, if the expression or the zone is not valid
 */
export function parseSchedule(expression: string, zone = 'UTC'): Schedule {
  if (!IANAZone.isValidZone(zone)) {
    throw new BackupError('SCHEDULE_INVALID', `"${zone}" is not a known time zone`, {
      hint: 'Give a name from the IANA database, for example UTC or Europe/Berlin',
    });
  }
  const cron = parseCron(expression);
  const everyHour = /^\S+ \*/.test(cron);

  const between = (from: Date, to: Date): readonly Date[] => {
    const offsets = offsetsNear(from, to, zone);
    const slots = new Set<number>();
    for (const local of localTimes(
      cron,
      from.getTime() + Math.min(...offsets),
      to.getTime() + Math.max(...offsets),
    )) {
      for (const instant of instantsOf(local, zone, everyHour)) {
        if (instant > from.getTime() && instant <= to.getTime()) slots.add(instant);
      }
    }
    return [...slots].sort((one, other) => one - other).map((slot) => new Date(slot));
  };
  const search = (span: (reach: number) => readonly Date[], pick: 0 | -1): Date | undefined => {
    for (const reach of REACHES) {
      const slot = span(reach).at(pick);
      if (slot !== undefined) return slot;
    }
    return undefined;
  };
  return {
    expression,
    zone,
    between,
    next: (after) => search((reach) => between(after, new Date(after.getTime() + reach)), 0),
    previous: (moment) => search((reach) => between(new Date(moment.getTime() - reach), moment), -1),
  };
}

/**
 * Returns offsets of the zone in milliseconds. The offsets of all slots in the span lie between their
 * extremes.
 */
function offsetsNear(from: Date, to: Date, zone: string): readonly number[] {
  if (to.getTime() - from.getTime() > LONG_SPAN) return [-LARGEST_SHIFT, LARGEST_SHIFT];
  const moments = [
    from.getTime() - LARGEST_SHIFT,
    from.getTime(),
    to.getTime(),
    to.getTime() + LARGEST_SHIFT,
  ];
  return moments.map((moment) => offsetOf(moment, zone));
}

/** Yields the local times of the expression (as if in UTC), after `from`, up to and including `to`. */
function* localTimes(cron: string, from: number, to: number): Generator<number> {
  const moments = CronExpressionParser.parse(cron, { currentDate: new Date(from), tz: 'UTC' });
  for (;;) {
    let local: number;
    try {
      local = moments.next().getTime();
    } catch {
      return; // The expression has no date within the reach of cron-parser.
    }
    if (local > to) return;
    yield local;
  }
}

/**
 * Returns the instants at which the local clock shows the time. If the clock skips it, returns the instant
 * moved by the length of the gap. Returns both instants of a repeated time if `both` is set, otherwise the
 * first.
 */
function instantsOf(local: number, zone: string, both: boolean): readonly number[] {
  const before = offsetOf(local - DAY, zone);
  const after = offsetOf(local + DAY, zone);
  const instants = [...new Set([local - before, local - after])]
    .filter((instant) => instant + offsetOf(instant, zone) === local)
    .sort((one, other) => one - other);
  if (instants.length === 0) return [local - before];
  return both ? instants : instants.slice(0, 1);
}

/** Returns the offset of the zone from UTC at the instant, in milliseconds. */
function offsetOf(instant: number, zone: string): number {
  return DateTime.fromMillis(instant, { zone }).offset * 60_000;
}
