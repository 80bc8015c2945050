import { describe, expect, it } from 'vitest';
import { errorText, isBackupError, parseSchedule } from '../../src/index.ts';
import { MACROS } from '../../src/schedule/cron-text.ts';

const FROM = new Date('2026-01-01T00:00:30Z');
const TO = new Date('2027-02-01T00:00:00Z');
const slots = (expression: string, zone?: string): readonly Date[] =>
  parseSchedule(expression, zone).between(FROM, TO);

function refusal(expression: string, zone?: string): string {
  try {
    parseSchedule(expression, zone);
  } catch (error) {
    expect(isBackupError(error, 'SCHEDULE_INVALID')).toBe(true);
    return errorText(error);
  }
  throw new Error(`${expression} was accepted`);
}

describe('a cron expression', () => {
  it.each([
    ['05 2 * * *', '5 2 * * *'],
    ['  0   2 *\t* * ', '0 2 * * *'],
    ['0 2 * * 7', '0 2 * * 0'],
    ['0 2 * * SUN', '0 2 * * 0'],
    ['0 2 * * 0,7', '0 2 * * 0'],
    ['0 2 * * 1-5,5', '0 2 * * 1-5'],
    ['0,0 2,2-2 3,1-3 jan *', '0 2 1-3 1 *'],
    ['0 2 * JAN-DEC thu', '0 2 * * 4'],
    ['0 2 ? * *', '0 2 * * *'],
    ['@daily', '0 0 * * *'],
    [' @Midnight ', '0 0 * * *'],
    ['@hourly', '0 * * * *'],
    ['@weekly', '0 0 * * 0'],
    ['@monthly', '0 0 1 * *'],
    ['@yearly', '0 0 1 1 *'],
    ['@annually', '0 0 1 1 *'],
  ])('%j means the same as %j', (one, other) => {
    expect(slots(one).length).toBeGreaterThan(0);
    expect(slots(one)).toEqual(slots(other));
  });

  it('is kept as it was given', () => {
    expect(parseSchedule(' @Daily ', 'Europe/Berlin')).toMatchObject({
      expression: ' @Daily ',
      zone: 'Europe/Berlin',
    });
  });

  it('means a day of the month or a weekday when it names both', () => {
    const days = slots('0 2 13 2 5').map((slot) => slot.getUTCDate());
    expect(days).toEqual([6, 13, 20, 27]);
    expect(slots('0 2 14 2 5').map((slot) => slot.getUTCDate())).toEqual([6, 13, 14, 20, 27]);
  });

  it.each([
    '',
    '   ',
    '2',
    '0 2 * *',
    '0 2 * * * *',
    '0 0 2 * * *',
    '@every 5m',
    '@reboot',
    '@fortnightly',
    'daily',
    '0 2 * * 2026',
    'constructor',
    '__proto__',
    'toString',
  ])('is not %j: five fields, or a macro', (expression) => {
    const message = refusal(expression);
    expect(message).toContain(`"${expression}"`);
    expect(message).toContain('five fields');
    for (const macro of Object.keys(MACROS)) expect(message).toContain(macro);
  });

  it.each([
    '60 * * * *',
    '* 24 * * *',
    '0 2 0 * *',
    '0 2 32 * *',
    '0 2 * 0 *',
    '0 2 * 13 *',
    '0 2 * * 8',
    '-1 * * * *',
    '5-1 * * * *',
    '0 22-2 * * *',
    '*/0 * * * *',
    '1,,2 * * * *',
    ', * * * *',
    '1, * * * *',
    '5-1,3 * * * *',
    '1.5 * * * *',
    '0x5 * * * *',
    '+5 * * * *',
    '0 2abc * * *',
    '0 2 * * someday',
    '0 0 30 2 *',
    '0 0 31 4,6 *',
    '1-5/0,7 * * * *',
    '1-999999999,2 * * * *',
  ])('is not %j', (expression) => {
    const message = refusal(expression);
    expect(message).toContain(`"${expression}"`);
    expect(message).toContain('for example "0 2 * * *"');
  });

  it.each(['H * * * *', 'h 2 * * *', '1,H * * * *', '0 H(0-5) * * *', '0 2 * * H', '0 2 1,h * *'])(
    'is not %j: a random time would be another at each start',
    (expression) => {
      expect(refusal(expression)).toContain('H asks for a random time');
    },
  );

  it.each(['Mars/Olympus', '', 'local', 'Europe/Berlin ', 'GMT+2'])(
    'is not read in the zone %j, which nobody knows',
    (zone) => {
      const message = refusal('0 2 * * *', zone);
      expect(message).toContain(`"${zone}"`);
      expect(message).toContain('Europe/Berlin');
    },
  );

  it('reaches from one 29th of February to the next, across the year 2100 too', () => {
    const leap = parseSchedule('0 2 29 2 *');
    expect(leap.next(new Date('2096-03-01T00:00Z'))).toEqual(new Date('2104-02-29T02:00Z'));
    expect(leap.previous(new Date('2104-02-29T01:59Z'))).toEqual(new Date('2096-02-29T02:00Z'));
    expect(leap.next(new Date('2026-11-22T00:00Z'))).toEqual(new Date('2028-02-29T02:00Z'));
  });

  it('answers a slot itself as the previous one, and never as the next', () => {
    const daily = parseSchedule('0 2 * * *');
    const slot = new Date('2026-01-02T02:00:00.000Z');
    expect(daily.previous(slot)).toEqual(slot);
    expect(daily.next(slot)).toEqual(new Date('2026-01-03T02:00Z'));
    expect(daily.next(new Date(slot.getTime() - 1))).toEqual(slot);
    expect(daily.previous(new Date(slot.getTime() - 1))).toEqual(new Date('2026-01-01T02:00Z'));
    expect(daily.between(slot, slot)).toEqual([]);
  });
});
