import { describe, expect, it } from 'vitest';
import { withLocalReport } from '../../src/connection/local-report.ts';
import {
  endWithoutValues,
  linesWithoutValues,
  restoreErrorWithoutValues,
} from '../../src/connection/program-messages.ts';

describe('what programs of PostgreSQL print, without values', () => {
  it('is their own lines up to the words of a server', () => {
    const said = [
      'pg_dump: error: Dumping the contents of table "t" failed: PQgetResult() failed.',
      'pg_dump: detail: Error message from server: ERROR:  missing chunk number 0 for toast value 5 in pg_toast_1',
      'CONTEXT:  jane',
      'pg_dump: detail: Command was: COPY public.t (jane) TO stdout;',
    ];
    expect(linesWithoutValues(said.join('\n'))).toBe(
      `${said[0]!}\n${said[1]!} (SQLSTATE XX001 data_corrupted)`,
    );
    const own = 'pg_restore: error: could not read from input file: end of file\nmore';
    expect(linesWithoutValues(own)).toBe(own);
  });

  it.each([
    ['psql:<stdin>:3: FEHLER:  doppelter Schlüssel jane', 'psql:<stdin>:3: ERROR:  the message is withheld'],
    [
      'pg_restore: error: could not execute query: 错误:  jane',
      'pg_restore: error: could not execute query: ERROR:  the message is withheld',
    ],
    [
      'ERROR:  a\njane:  jane\npg_restore: error: jane\npg_restore: warning: errors ignored on restore: 2',
      'ERROR:  the message is withheld\npg_restore: warning: errors ignored on restore: 2',
    ],
    [
      'pg_dumpall: error: query failed: ERROR:  permission denied for table pg_authid\npg_dumpall: detail: Query was: jane',
      'pg_dumpall: error: query failed: ERROR:  permission denied for table pg_authid',
    ],
  ])('leaves out what a server can have written: %j', (said, short) => {
    expect(linesWithoutValues(said)).toBe(short);
  });

  it('leaves out a beginning that is cut off: a server may have written it', () => {
    const stderr = `${'jane '.repeat(14_000)}\nERROR:  division by zero`;
    expect(endWithoutValues('/bin/psql', { code: 3, endedBy: undefined, stderr })).toBe(
      'psql exited with 3: ERROR:  division by zero (SQLSTATE 22012 division_by_zero)',
    );
  });

  it('takes no long time over a long line', () => {
    const began = performance.now();
    expect(linesWithoutValues(`ERROR:  no\nCommand was: (${'a b '.repeat(500_000)}`)).toBe(
      'ERROR:  the message is withheld',
    );
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('names the entry of an error of pg_restore; the full text goes to the local report alone', async () => {
    const error =
      "could not execute query: ERROR:  no jane\nFrom entry: INDEX public i o\nCONTEXT:  PL/pgSQL function public.f(text) line 1 at RAISE\nCommand was: CREATE INDEX i ON public.t USING btree (public.f('jane'));";
    const texts: string[] = [];
    await withLocalReport(
      (text) => texts.push(text),
      () => {
        expect(restoreErrorWithoutValues(error)).toBe(
          'could not execute query: ERROR:  the message is withheld (function public.f(text)) (entry INDEX public i o, statement CREATE INDEX i ON public.t USING btree)',
        );
        return Promise.resolve();
      },
    );
    expect(texts).toEqual([error]);
  });
});
