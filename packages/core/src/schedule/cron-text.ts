import { CronExpressionParser } from 'cron-parser';
import { BackupError } from '../base/errors.ts';

/** Macros and their expressions. */
export const MACROS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

const HINT =
  'Give five fields (minute hour day month weekday), for example "0 2 * * *", or one of ' +
  Object.keys(MACROS).join(' ');

/**
 * Matches an `H`, which the parser accepts even in lists and replaces by a random value at each start. Does
 * not match the H of THU.
 */
const LONELY_H = /(?<![a-z])h/i;

/**
 * Returns the expression as five fields separated by single spaces.
 * @throws BackupError SCHEDULE_INVALID if it is not a cron expression
 */
export function parseCron(expression: string): string {
  const word = expression.trim().toLowerCase();
  const fields = (new Map(Object.entries(MACROS)).get(word) ?? expression.trim()).split(/\s+/);
  if (fields.length !== 5 || fields[0] === '') {
    const found =
      fields[0] === '' ? 'it is empty' : `it has ${fields.length} field${fields.length === 1 ? '' : 's'}`;
    throw wrong(expression, found);
  }
  if (fields.some((field) => LONELY_H.test(field))) throw wrong(expression, 'H asks for a random time');
  const cron = fields.map(withoutDoubles).join(' ');
  try {
    const parsed = CronExpressionParser.parse(cron, { tz: 'UTC', currentDate: new Date(0) });
    parsed.next();
  } catch (cause) {
    throw wrong(expression, cause instanceof Error ? cause.message : String(cause), cause);
  }
  return cron;
}

const LIST_PART = /^(\d{1,2})(?:-(\d{1,2})(?:\/(\d{1,2}))?)?$/;
const WEEKDAY_FIELD = 4;

/** Returns a list without duplicate values (`1-5,5`, Sunday as `0,7`), which the parser rejects. */
function withoutDoubles(field: string, index: number): string {
  if (!field.includes(',')) return field;
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [, from, to = from, step = '1'] = LIST_PART.exec(part) ?? [];
    if (from === undefined || Number(to) < Number(from) || Number(step) < 1) return field;
    for (let value = Number(from); value <= Number(to); value += Number(step)) {
      values.add(index === WEEKDAY_FIELD && value === 7 ? 0 : value);
    }
  }
  return [...values].sort((one, other) => one - other).join(',');
}

function wrong(expression: string, why: string, cause?: unknown): BackupError {
  return new BackupError('SCHEDULE_INVALID', `"${expression}" is not a cron expression: ${why}`, {
    hint: HINT,
    cause,
  });
}
