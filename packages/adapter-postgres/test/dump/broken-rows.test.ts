import { describe, expect, it } from 'vitest';
import { brokenRowsHint } from '../../src/dump/pg-snapshot.ts';

function said(server: string, table = 'public.big'): string {
  return `pg_dump: error: Dumping the contents of table "big" failed: PQgetResult() failed.
pg_dump: detail: Error message from server: ERROR:  ${server}
pg_dump: detail: Command was: COPY ${table} (id, a, b) TO stdout;
`;
}

describe('rows that pg_dump cannot copy', () => {
  it.each([
    'missing chunk number 0 for toast value 16398 in pg_toast_16392',
    'unexpected chunk number 3 (expected 1) for toast value 16398 in pg_toast_16392',
    'invalid page in block 7 of relation base/16384/16392',
    'out of memory\nDETAIL:  Cannot enlarge string buffer containing 600000003 bytes by 600000000 more bytes.',
    'invalid memory alloc request size 1200000003',
  ])('have a hint with their table: %s', (server) => {
    expect(brokenRowsHint(said(server))).toContain('rows of public.big');
  });

  it.each(['"The data"."a.b ""c"""', 'data."zwei\nZeilen"', 'daten."Straße"'])(
    'are those of a table of any name: %s',
    (table) => {
      expect(brokenRowsHint(said('invalid page in block 7 of relation base/1/2', table))).toContain(
        `FROM ${table} r`,
      );
    },
  );

  it('have none where another failure ended the dump', () => {
    expect(brokenRowsHint(said('canceling statement due to user request'))).toBeUndefined();
    expect(brokenRowsHint('pg_dump: error: invalid page in block 7 of relation base/1/2')).toBeUndefined();
  });
});
