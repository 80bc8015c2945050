import { IDENTIFIER } from '../connection/identifiers.ts';
import { dollarQuoted } from '../connection/sql-text.ts';

/** What the server reports of a row that it cannot read, or not send: in English, for pg_dump runs with LC_ALL=C. */
const UNREADABLE =
  /(?:missing|unexpected) chunk number|compressed \w+ data is corrupt|invalid page in block|could not read block|invalid byte sequence/;
const TOO_LARGE = /Cannot enlarge string buffer|invalid memory alloc request size/;

/** The statement that failed, as pg_dump prints it. */
const COPY = new RegExp(`^pg_dump: detail: Command was: COPY (${IDENTIFIER}\\.${IDENTIFIER}) `, 'mu');

/**
 * Returns what to do about a table whose rows pg_dump cannot copy, with the statement that finds these rows;
 * `undefined` if pg_dump failed for another reason. The statement reads each row by itself, so its time is
 * that of the table. It is not executed here: reading a row as text can run functions of the table's owner.
 */
export function brokenRowsHint(stderr: string): string | undefined {
  const table = COPY.exec(stderr)?.[1];
  if (table === undefined || !(UNREADABLE.test(stderr) || TOO_LARGE.test(stderr))) return undefined;
  const problem = UNREADABLE.test(stderr)
    ? `the server cannot read rows of ${table}`
    : `rows of ${table} are damaged, or larger as text than the 1 GB that the server can send`;
  const body = `DECLARE place tid; BEGIN FOR place IN SELECT ctid FROM ${table} LOOP BEGIN PERFORM pg_catalog.length(r::text) FROM ${table} r WHERE ctid = place; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '% %', place, SQLSTATE; END; END LOOP; END`;
  return `Repair the table first, or restore it from a former set: ${problem}. Its owner finds the ctid of each with: DO ${dollarQuoted(body)};`;
}
