import { describe, expect, it } from 'vitest';
import { printableSql } from '../../src/connection/byte-text.ts';

describe('SQL for people', () => {
  it.each([
    ['SELECT "a b", \'c\'', 'SELECT "a b", \'c\''],
    ['"a\n""b\\c"', String.raw`U&"a\000a""b\\c"`],
    ["'it''s\u001b[2J'", String.raw`E'it''s\u001b[2J'`],
    ["E'a\\\\\u202eb'", String.raw`E'a\\\u202eb'`],
    ['"caf\udce9"', String.raw`"caf\xE9"`],
  ])('of %j is %j', (sql, printable) => {
    expect(printableSql(sql)).toBe(printable);
  });
});
