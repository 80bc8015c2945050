import fc from 'fast-check';
import type { CronMeaning } from './cron-oracle.ts';

/**
 * Moments at which clocks of the world move, forwards and backwards, by half an hour, one, two and
 * twenty-four.
 */
export const TRANSITIONS = [
  ['UTC', '2026-03-29T01:00Z'],
  ['Europe/Berlin', '2026-03-29T01:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00Z'],
  ['America/New_York', '2026-03-08T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'],
  ['America/Santiago', '2026-04-05T03:00Z'],
  ['America/Santiago', '2026-09-06T04:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
  ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  ['Asia/Kathmandu', '1985-12-31T18:30Z'],
  ['Asia/Kathmandu', '2026-06-01T00:00Z'],
  ['Africa/Casablanca', '2026-02-15T02:00Z'],
  ['Africa/Casablanca', '2026-03-22T02:00Z'],
  ['Antarctica/Troll', '2026-03-29T01:00Z'],
  ['Antarctica/Troll', '2026-10-25T01:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00Z'],
] as const;

interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

export interface CronExample {
  readonly text: string;
  readonly meaning: CronMeaning;
}

const range = (from: number, to: number, step = 1): number[] => {
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
};

function field(least: number, most: number): fc.Arbitrary<Field> {
  const number = fc.integer({ min: least, max: most });
  const span = fc
    .tuple(number, number)
    .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);
  const part = fc.oneof(
    number.map((value) => ({ text: `${value}`, values: [value] })),
    number.map((value) => ({ text: `0${value}`.slice(-2), values: [value] })),
    span.map(([from, to]) => ({ text: `${from}-${to}`, values: range(from, to) })),
    fc
      .tuple(span, fc.integer({ min: 1, max: 9 }))
      .map(([[from, to], step]) => ({ text: `${from}-${to}/${step}`, values: range(from, to, step) })),
  );
  return fc
    .array(part, { minLength: 1, maxLength: 3 })
    .map((parts) => ({
      text: parts.map(({ text }) => text).join(','),
      values: new Set(parts.flatMap(({ values }) => values)),
    }));
}

function starred(least: number, most: number): fc.Arbitrary<Field> {
  return fc.oneof(
    fc.constant({ text: '*', values: new Set(range(least, most)) }),
    fc
      .integer({ min: 2, max: 7 })
      .map((step) => ({ text: `*/${step}`, values: new Set(range(least, most, step)) })),
  );
}

const WEEKDAY_NAMES = ['SUN', 'mon', 'Tue', 'WED', 'THU', 'FRI', 'SAT'];

const weekdays: fc.Arbitrary<Field> = fc
  .uniqueArray(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 3 })
  .chain((numbers) =>
    fc
      .boolean()
      .map((named) => ({
        text: named
          ? [...new Set(numbers.map((number) => WEEKDAY_NAMES[number % 7]!))].join(',')
          : numbers.join(','),
        values: new Set(numbers.map((number) => number % 7)),
      })),
  );

const ANY: Field | undefined = undefined;
const mostlyAny = (wanted: fc.Arbitrary<Field>): fc.Arbitrary<Field | undefined> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(ANY) }, { weight: 1, arbitrary: wanted });

/** Expressions with what they mean. Hours lean to those in which clocks move. */
export const cronExamples: fc.Arbitrary<CronExample> = fc
  .record({
    minute: fc.oneof(field(0, 59), starred(0, 59)),
    hour: fc.oneof(field(0, 23), field(0, 4), starred(0, 23)),
    day: mostlyAny(field(1, 31)),
    weekday: mostlyAny(weekdays),
  })
  .map(({ minute, hour, day, weekday }) => ({
    text: `${minute.text} ${hour.text} ${day?.text ?? '*'} * ${weekday?.text ?? '*'}`,
    meaning: {
      minutes: minute.values,
      hours: hour.values,
      everyHour: hour.text.startsWith('*'),
      days: day?.values,
      weekdays: weekday?.values,
    },
  }));
