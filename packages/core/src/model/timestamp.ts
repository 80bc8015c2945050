/** Time of a run as used in file names: `YYYYMMDD_HHMMSS` in UTC. Sorts as text in chronological order. */
export type RunTimestamp = string & { readonly __brand: 'RunTimestamp' };

const PATTERN = /^\d{8}_\d{6}$/;

/** Days of each month in a non-leap year. */
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Formats a moment in whole seconds, rounded down.
 * @throws RangeError if the date is invalid or its year is not 0 to 9999
 */
export function formatTimestamp(moment: Date): RunTimestamp {
  const iso = moment.toISOString();
  if (iso.length !== 24) throw new RangeError(`year out of range for a timestamp: ${iso}`);
  return `${iso.slice(0, 10).replaceAll('-', '')}_${iso.slice(11, 19).replaceAll(':', '')}` as RunTimestamp;
}

/**
 * Returns the text as a timestamp. `undefined` if it is not one, or if the date does not exist, such as 31
 * February.
 */
export function parseTimestamp(text: string): RunTimestamp | undefined {
  // Avoids `Date` and pattern groups, because this runs at least once for every name in a listing.
  if (!PATTERN.test(text)) return undefined;
  const number = (start: number, end: number): number => Number(text.slice(start, end));
  const day = number(6, 8);
  const isDay = day >= 1 && day <= daysOf(number(0, 4), number(4, 6));
  return isDay && number(9, 11) < 24 && number(11, 13) < 60 && number(13, 15) < 60
    ? (text as RunTimestamp)
    : undefined;
}

/** Returns the number of days of a month; 0 if there is no such month. */
function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (DAYS[month - 1] ?? 0);
}

/** Returns the moment of a timestamp. */
export function timestampToDate(timestamp: RunTimestamp): Date {
  return new Date(
    `${timestamp.slice(0, 4)}-${timestamp.slice(4, 6)}-${timestamp.slice(6, 8)}T` +
      `${timestamp.slice(9, 11)}:${timestamp.slice(11, 13)}:${timestamp.slice(13, 15)}Z`,
  );
}
