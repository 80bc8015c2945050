import { assert, constantFrom, property, record, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutValues } from '../../src/connection/server-message.ts';

const RAISE = 'PL/pgSQL function public.f(text) line 3 at RAISE';
const STATIC = 'PL/pgSQL function public.f(text) line 3 at SQL statement\nCOPY t, line 1: "x"';

describe('a message of a server without values', () => {
  it.each([
    ['an object that is missing', { state: '42P01', message: 'relation "a b" does not exist' }],
    ['a missing right', { message: 'permission denied for table secrets' }],
    ['a full disk', { message: 'could not extend file "base/1/2": No space left on device' }],
    ['the end of a session', { state: '57P01', message: 'terminating connection due to x', context: STATIC }],
    ['a name in a function', { message: 'function half(integer) does not exist', context: STATIC }],
    ['another language', { state: '42501', message: 'keine Berechtigung für Tabelle t' }],
    [
      'a message of our own block',
      {
        state: 'P0001',
        message: 'changed meanwhile',
        context: 'PL/pgSQL function inline_code_block line 3 at RAISE',
      },
    ],
  ])('is the message of %s', (_, said) => {
    expect(withoutValues(said)).toBe(said.message);
  });

  it.each([
    [
      'a constraint',
      {
        state: '23514',
        message: 'new row for relation "t" violates check constraint "c"',
        schema: 's',
        table: 't',
        constraint: 'c',
      },
      'new row for relation "t" violates check constraint "c" (SQLSTATE 23514 check_violation, table s.t, constraint c)',
    ],
    [
      'a value of a row that is copied',
      { message: 'invalid input syntax for type integer: "v"', context: 'COPY t, line 7, column c: "v"' },
      'invalid input syntax for type integer (SQLSTATE 22P02 invalid_text_representation, COPY t, line 7, column c)',
    ],
    [
      'a RAISE',
      { state: '42P01', message: 'relation "v" does not exist', context: RAISE },
      'the message is withheld (SQLSTATE 42P01, function public.f(text))',
    ],
    [
      'another language',
      { state: '22P02', message: 'ungültige Syntax: »v«' },
      'the message is withheld (SQLSTATE 22P02 invalid_text_representation)',
    ],
    [
      'a statement with a literal',
      { state: '42601', message: 'syntax error at or near "\'v\'"' },
      'syntax error (SQLSTATE 42601)',
    ],
    ['an unknown form', { message: 'v is odd' }, 'the message is withheld'],
  ])('names the objects of %s', (_, said, short) => {
    expect(withoutValues(said)).toBe(short);
  });

  it('holds nothing that a row, a literal or code in the database holds', () => {
    const values = string({ minLength: 1, unit: 'binary' }).map((text) => `<${text}>`);
    const states = constantFrom(
      '22P02',
      '22007',
      '22023',
      '23505',
      '42P01',
      '42703',
      '54000',
      'P0001',
      'XX000',
      undefined,
    );
    const forms = constantFrom<(value: string) => string>(
      (value) => value,
      (value) => `invalid input syntax for type integer: "${value}"`,
      (value) => `invalid input value for enum mood: "${value}"`,
      (value) => `value "${value}" is out of range for type integer`,
      (value) => `date/time field value out of range: "${value}"`,
      (value) => `invalid value for parameter "x.y": "${value}"`,
      (value) => `malformed array literal: "${value}"`,
    );
    const contexts = constantFrom(
      RAISE,
      'COPY t, line 1, column c: "x"',
      'PL/pgSQL function f() line 1 at EXECUTE',
    );
    assert(
      property(
        record({ value: values, state: states, form: forms, context: contexts }),
        ({ value, state, form, context }) => {
          expect(withoutValues({ state, message: form(value), context })).not.toContain(value);
        },
      ),
    );
  });
});
