/*
 * What a schedule means, by brute force: every minute is looked at through Intl. Knows nothing of cron texts,
 * luxon or offsets.
 */
const MINUTE = 60_000;
const LOOK_BACK = 50 * 60;

/** The fields of an expression as the sets that they stand for; undefined is `*`. */
export interface CronMeaning {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  /** Whether the hour field begins with `*`. */
  readonly everyHour: boolean;
  readonly days: ReadonlySet<number> | undefined;
  readonly weekdays: ReadonlySet<number> | undefined;
}

/**
 * All slots after `from` up to and with `to`: each local time once, unless every hour counts; skipped ones as
 * far after the gap.
 */
export function slotsByBruteForce(meaning: CronMeaning, zone: string, from: number, to: number): number[] {
  const slots = new Set<number>();
  const seen = new Set<number>();
  const start = Math.floor(from / MINUTE) - LOOK_BACK;
  let before = localMinute(start - 1, zone);
  for (let minute = start; minute * MINUTE <= to; minute += 1) {
    const wall = localMinute(minute, zone);
    for (let skipped = before + 1; skipped < wall; skipped += 1) {
      if (matches(meaning, skipped)) slots.add((minute + skipped - before - 1) * MINUTE);
    }
    if (matches(meaning, wall) && (meaning.everyHour || !seen.has(wall))) slots.add(minute * MINUTE);
    seen.add(wall);
    before = wall;
  }
  return [...slots].filter((slot) => slot > from && slot <= to).sort((one, other) => one - other);
}

function matches({ minutes, hours, days, weekdays }: CronMeaning, wall: number): boolean {
  const date = new Date(wall * MINUTE);
  if (!minutes.has(date.getUTCMinutes()) || !hours.has(date.getUTCHours())) return false;
  const [day, weekday] = [date.getUTCDate(), date.getUTCDay()];
  if (days !== undefined && weekdays !== undefined) return days.has(day) || weekdays.has(weekday);
  return (days?.has(day) ?? true) && (weekdays?.has(weekday) ?? true);
}

const formats = new Map<
  string,
  { readonly format: Intl.DateTimeFormat; readonly walls: Map<number, number> }
>();

/** The wall clock's reading at a minute since 1970, as the minute since 1970 that shows the same in UTC. */
function localMinute(minute: number, zone: string): number {
  const known = formats.get(zone) ?? { format: formatOf(zone), walls: new Map<number, number>() };
  formats.set(zone, known);
  const found = known.walls.get(minute) ?? readWall(known.format, minute);
  known.walls.set(minute, found);
  return found;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const two = '2-digit';
  return new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: two,
    day: two,
    hour: two,
    minute: two,
  });
}

function readWall(format: Intl.DateTimeFormat, minute: number): number {
  const parts = Object.fromEntries(
    format.formatToParts(minute * MINUTE).map(({ type, value }) => [type, Number(value)]),
  );
  const {
    year,
    month,
    day,
    hour,
    minute: minutes,
  } = parts as Record<'year' | 'month' | 'day' | 'hour' | 'minute', number>;
  return Date.UTC(year, month - 1, day, hour, minutes) / MINUTE;
}
