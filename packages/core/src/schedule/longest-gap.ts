import { CronExpressionParser } from 'cron-parser';
import { parseCron } from './cron-text.ts';
import { DAY, HOUR, MINUTE, parseSchedule, type Schedule } from './schedule.ts';

const YEAR_MS = 366 * DAY;
/** A period with at least two leap days, except around 2100. */
const LONG_MS = 9 * YEAR_MS;

/**
 * Returns the longest gap between consecutive slots of the schedule in milliseconds. Searches the year after
 * `from`, or nine years if the year has fewer than three slots. `undefined` if nine years have fewer than
 * two.
 *
 * Evaluates only the first and last slot of each hour. A schedule of every minute thus costs no more than an
 * hourly one.
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

/** Returns the largest difference between neighbours; 0 for fewer than two numbers. */
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
