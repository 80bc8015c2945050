import { CronExpressionParser } from 'cron-parser';
import { DateTime, IANAZone } from 'luxon';
import { BackupError } from '../base/errors.ts';
import { MACROS, parseCron } from './cron-text.ts';

export { MACROS };

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/**
 * Zones have moved their clocks by a day at most (Samoa, 2011); slots are looked for this far around a span.
 */
const LARGEST_SHIFT = 26 * HOUR;

/**
 * Within a span up to this long a zone moves its clock once at most, so the offsets at its ends are all there
 * are.
 */
const LONG_SPAN = 3 * DAY;

/** How far to look, in growing steps. Nine years hold every 29th of February, across 2100 too. */
const REACHES = [HOUR, DAY, 32 * DAY, 366 * DAY, 9 * 366 * DAY];

/**
 * When runs are due. A slot is an instant, whole minutes.
 *
 * Around changes of the zone's clock: a wall-clock time that is skipped is made up for by the same distance
 * after it (02:30 becomes 03:30); one that comes twice is a slot the first time only, unless the expression's
 * hour begins with `*`, which asks for every hour that passes. So no run is lost and none is made twice.
 */
export interface Schedule {
  /** The expression as given. */
  readonly expression: string;
  /** A name of the IANA database: `Europe/Berlin`. */
  readonly zone: string;
  /** The first slot after the moment, or undefined when there is none within nine years. */
  next(after: Date): Date | undefined;
  /** The last slot at or before the moment, or undefined when there is none within nine years. */
  previous(atOrBefore: Date): Date | undefined;
  /** All slots after `from`, up to and with `to`, in order. */
  between(from: Date, to: Date): readonly Date[];
}

/**
 * Reads a five-field cron expression, or a macro such as `@daily`, in a zone of the IANA database.
 * @throws BackupError SCHEDULE_INVALID that says what is wrong
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

/** The offsets of the zone, in milliseconds, between which those of all slots of the span lie. */
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

/**
 * The wall-clock times (as if they were UTC) that the expression names, after `from`, up to and with `to`.
 */
function* localTimes(cron: string, from: number, to: number): Generator<number> {
  const moments = CronExpressionParser.parse(cron, { currentDate: new Date(from), tz: 'UTC' });
  for (;;) {
    let local: number;
    try {
      local = moments.next().getTime();
    } catch {
      return; // cron-parser gives up: the expression names no date within its reach
    }
    if (local > to) return;
    yield local;
  }
}

/**
 * The instants at which the wall clock shows the time, or, where the clock skips it, the instant as far after
 * the skip as the time was after its begin. Of two, both are answered when `both` is set, otherwise the
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

/** How far the zone's clock is ahead of UTC at the instant, in milliseconds. */
function offsetOf(instant: number, zone: string): number {
  return DateTime.fromMillis(instant, { zone }).offset * 60_000;
}
