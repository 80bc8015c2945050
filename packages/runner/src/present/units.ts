export { countText, numberText } from '@geolens/backup-core/internal';

const LARGER_UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'];

/** Returns `325 B`, `4.1 kB` or `1.2 GB`. Units are powers of 1,000. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 'B';
  for (const larger of LARGER_UNITS) {
    if (value < 999.5) break;
    value /= 1000;
    unit = larger;
  }
  return `${unit === 'B' || value >= 99.95 ? value.toFixed(0) : value.toFixed(1)} ${unit}`;
}

/** Returns `40 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min` or `9 d 4 h`. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Returns `40 s`, `3 min`, `2 h` or `9 d`: the whole part of the largest unit. */
export function roughDurationText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return `${Math.floor(milliseconds / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  return minutes < 24 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} d`;
}

/** Returns the duration of work in milliseconds. 0 if the clock was set back meanwhile. */
export function millisecondsOf(work: { readonly startedAt: Date; readonly finishedAt: Date }): number {
  return Math.max(0, work.finishedAt.getTime() - work.startedAt.getTime());
}

/** Returns the rate in bytes per second. */
export function rateText(bytes: number, milliseconds: number): string {
  return `${bytesText((bytes * 1000) / Math.max(1, milliseconds))}/s`;
}

/** Returns the local time of a zone, such as `2026-11-22 02:00`. */
export function localTimeText(moment: Date, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(moment);
  const part = (type: Intl.DateTimeFormatPartTypes): string =>
    parts.find((one) => one.type === type)?.value ?? '?';
  return `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`;
}

/** Returns a report for machines as JSON. */
export function jsonText(report: unknown): string {
  return `${JSON.stringify(report, undefined, 2)}\n`;
}
