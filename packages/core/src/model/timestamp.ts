/** The moment of a run, as it stands in file names: `YYYYMMDD_HHMMSS` in UTC. Sorts as text in time order. */
export type RunTimestamp = string & { readonly __brand: 'RunTimestamp' };

const PATTERN = /^\d{8}_\d{6}$/;

/** Of each month, in years that are no leap years. */
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Formats a moment, whole seconds, rounded down.
 * @throws RangeError when the date is invalid or its year is not 0 to 9999
 */
export function formatTimestamp(moment: Date): RunTimestamp {
  const iso = moment.toISOString();
  if (iso.length !== 24) throw new RangeError(`year out of range for a timestamp: ${iso}`);
  return `${iso.slice(0, 10).replaceAll('-', '')}_${iso.slice(11, 19).replaceAll(':', '')}` as RunTimestamp;
}

/** The timestamp that the text is, or undefined when it is none (also for the 31st of February). */
export function parseTimestamp(text: string): RunTimestamp | undefined {
  // Not by way of a Date, or of groups of the pattern: every name in a listing comes here, and some more than
  // once.
  if (!PATTERN.test(text)) return undefined;
  const number = (start: number, end: number): number => Number(text.slice(start, end));
  const day = number(6, 8);
  const isDay = day >= 1 && day <= daysOf(number(0, 4), number(4, 6));
  return isDay && number(9, 11) < 24 && number(11, 13) < 60 && number(13, 15) < 60
    ? (text as RunTimestamp)
    : undefined;
}

/** How many days the month has; 0 when there is no such month. */
function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
}

/** The moment that a timestamp stands for. */
export function timestampToDate(timestamp: RunTimestamp): Date {
  return new Date(
    `${timestamp.slice(0, 4)}-${timestamp.slice(4, 6)}-${timestamp.slice(6, 8)}T` +
      `${timestamp.slice(9, 11)}:${timestamp.slice(11, 13)}:${timestamp.slice(13, 15)}Z`,
  );
}
