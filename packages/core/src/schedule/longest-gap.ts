import { CronExpressionParser } from 'cron-parser';
import { parseCron } from './cron-text.ts';
import { DAY, HOUR, MINUTE, parseSchedule, type Schedule } from './schedule.ts';

const YEAR_MS = 366 * DAY;
/** Within this there are at least two of every 29th of February, but around 2100. */
const LONG_MS = 9 * YEAR_MS;

/**
 * The longest time, in milliseconds, that passes between two slots of the schedule that follow each other:
 * looked for in the year after `from`, and in nine years where the year has less than three slots. Undefined
 * when not even these have two.
 *
 * Of an hour only its first and last slot are asked for, so that a schedule of every minute costs no more
 * than one of every hour.
 */
export function longestGap(
  { expression, zone }: Pick<Schedule, 'expression' | 'zone'>,
  from: Date,
): number | undefined {
  const [, ...rest] = parseCron(expression).split(' ');
  const minutes = minutesOf(expression);
  const [first, last] = [Math.min(...minutes), Math.max(...minutes)];
  const thinned = parseSchedule([first === last ? first : `${first},${last}`, ...rest].join(' '), zone);
  const inYear = thinned.between(from, new Date(from.getTime() + YEAR_MS));
  const slots = inYear.length > 2 ? inYear : thinned.between(from, new Date(from.getTime() + LONG_MS));
  const longest = longestStep(slots.map(Number));
  if (longest === 0) return undefined;
  if (longest >= HOUR) return longest;
  return longestStep([...minutes, first + 60]) * MINUTE;
}

/** Returns the longest distance between two neighbours; 0 if there are fewer than two numbers. */
function longestStep(ascending: readonly number[]): number {
  let [longest, former] = [0, Infinity];
  for (const number of ascending) {
    longest = Math.max(longest, number - former);
    former = number;
  }
  return longest;
}

function minutesOf(expression: string): readonly number[] {
  return CronExpressionParser.parse(parseCron(expression), { tz: 'UTC' })
    .fields.minute.values.map(Number)
    .sort((one, other) => one - other);
}
