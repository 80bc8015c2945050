import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemsOf } from '../../src/connection/sql-text.ts';

const statementsIn = (sql: string): readonly string[] =>
  [...itemsOf(sql)].filter(({ kind }) => kind === 'statement').map(({ text }) => text);

/** Text with everything that begins or ends something in SQL. */
const anything = fc
  .array(fc.constantFrom(';', '-', '\n', ' ', '/', '*', '$', 'a', 'é', '1', '_', ',', '(', ')', '\t'), {
    maxLength: 12,
  })
  .map((parts) => parts.join(''));

const without = (...words: readonly string[]): fc.Arbitrary<string> =>
  anything.filter((text) => !words.some((word) => text.includes(word)));

/** Texts that hold a semicolon and end no statement. */
const part = fc.oneof(
  anything.map((text) => `'${text}''\\'`),
  anything.map((text) => `e'${text}\\'${text}\\\\'`),
  anything.map((text) => `E'${text}'  \n '${text}\\';'`),
  anything.map((text) => `U&'${text}'`),
  anything.map((text) => `"${text}"""`),
  without('$').map((text) => `$$${text}'$$`),
  without('$é_1$').map((text) => `$é_1$${text}'$é1$;$é_1$`),
  without('*/', '/*', '*', '/').map((text) => `/*${text} /* '${text} */ ;"*/`),
  without('\n').map((text) => `--${text}'$$;"\n`),
  fc.constantFrom('SELECT', 'a$$b', 'name$x$', '1e5', '-', '/', 'e', 'U', '* 2 / 3 - 1', '$1'),
);

describe('SQL text', () => {
  it('is split at the semicolons between its statements, and nowhere else', () => {
    const statement = fc.array(part, { maxLength: 6 }).map((parts) => `SELECT ${parts.join(' ')};`);
    fc.assert(
      fc.property(fc.array(statement), fc.constantFrom('', ' ', '\n', '\r\n'), (statements, blank) => {
        expect(statementsIn(statements.join(blank))).toEqual(statements);
      }),
    );
  });

  it('is split into items that are all of it but blanks, whatever it is', () => {
    const text = fc
      .array(fc.oneof(part, anything, fc.constantFrom("'", '"', '\\', '$a$', '/*')))
      .map((all) => all.join(''));
    fc.assert(
      fc.property(text, (sql) => {
        let at = 0;
        for (const item of itemsOf(sql)) {
          expect(sql.slice(at, item.start).trim()).toBe('');
          expect(sql.startsWith(item.text, item.start)).toBe(true);
          at = item.start + item.text.length;
        }
        expect(sql.slice(at).trim()).toBe('');
      }),
    );
  });

  it('has comments and commands for psql before and between statements', () => {
    expect(
      [...itemsOf('-- a;\n/* b /* ; */ */ \\c d;\nSELECT 1 -- e;\n, 2; -- f')].map(({ kind, text }) => [
        kind,
        text,
      ]),
    ).toEqual([
      ['comment', '-- a;'],
      ['comment', '/* b /* ; */ */'],
      ['command', '\\c d;'],
      ['statement', 'SELECT 1 -- e;\n, 2;'],
      ['comment', '-- f'],
    ]);
  });
});
