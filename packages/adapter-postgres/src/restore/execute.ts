import type pg from 'pg';
import { codeOf } from '../connection/postgres-errors.ts';
import { encodeBytes, hasForeignBytes } from '../connection/byte-text.ts';
import { dollarQuoted } from '../connection/sql-text.ts';
import { type ClientMessage, messageWithoutValues } from '../connection/client-errors.ts';

/** The server's response to a statement: an error or a warning. */
export interface Said {
  readonly level: 'ERROR' | 'WARNING';
  readonly state: string;
  readonly message: string;
}

/**
 * Executes statements one after the other, each as a single statement: the extended protocol accepts no
 * second one in the same text.
 * @param goOn whether to continue after errors and return them; otherwise the first one is thrown
 */
export async function execute(
  client: pg.Client,
  statements: readonly string[],
  { goOn = false }: { readonly goOn?: boolean } = {},
): Promise<readonly Said[]> {
  const said: Said[] = [];
  const listen = (notice: ClientMessage): void =>
    void said.push({ level: 'WARNING', state: notice.code ?? '', message: messageWithoutValues(notice) });
  client.on('notice', listen);
  try {
    for (const text of statements) {
      try {
        const query = { text: sendable(text), values: [], queryMode: 'extended' };
        await client.query(query as pg.QueryConfig);
      } catch (error) {
        const state = codeOf(error);
        if (!goOn || state === undefined) throw error;
        said.push({ level: 'ERROR', state, message: (error as Error).message });
      }
    }
    return said;
  } finally {
    client.off('notice', listen);
  }
}

/** Returns a statement that pg, which sends only UTF-8, can send: the server assembles other bytes. */
function sendable(text: string): string {
  if (!hasForeignBytes(text)) return text;
  const bytes = `'\\x${encodeBytes(text).toString('hex')}'::pg_catalog.bytea`;
  return `DO ${dollarQuoted(`BEGIN EXECUTE pg_catalog.convert_from(${bytes}, pg_catalog.getdatabaseencoding()); END`)}`;
}

/** A statement that the server refused. */
export interface Refused {
  readonly statement: string;
  readonly message: string;
}

/**
 * Executes statements in one transaction. Failures of statements that may fail leave the others in effect.
 * @throws the error of any other statement, or of the connection; then nothing takes effect
 */
export async function executeEach(
  client: pg.Client,
  statements: readonly string[],
  mayFail: (statement: string) => boolean,
): Promise<{ readonly said: readonly Said[]; readonly refused: readonly Refused[] }> {
  try {
    // Usually none fails, and savepoints would triple the round trips.
    return { said: await executeTogether(client, statements), refused: [] };
  } catch (error) {
    if (!isOfStatement(error)) throw error;
    await client.query('ROLLBACK');
  }
  const said: Said[] = [];
  const refused: Refused[] = [];
  await client.query('BEGIN');
  for (const statement of statements) {
    if (!mayFail(statement)) {
      said.push(...(await execute(client, [statement]).catch((error: unknown) => naming(statement, error))));
      continue;
    }
    await client.query('SAVEPOINT one');
    try {
      said.push(...(await execute(client, [statement])));
      await client.query('RELEASE one');
    } catch (error) {
      if (!isOfStatement(error)) throw error;
      await client.query('ROLLBACK TO one');
      refused.push({ statement, message: error.message });
    }
  }
  await client.query('COMMIT');
  return { said, refused };
}

const SHOWN_CHARACTERS = 120;

/** @throws the error, with the statement in its message */
function naming(statement: string, error: unknown): never {
  if (isOfStatement(error)) error.message += ` (statement ${statement.slice(0, SHOWN_CHARACTERS)})`;
  throw error;
}

/** Returns whether an error has a SQLSTATE; other errors concern the connection. */
export function isOfStatement(error: unknown): error is Error {
  return /^[0-9A-Z]{5}$/.test(codeOf(error) ?? '');
}

/** Executes all statements, or none of them. */
export async function executeTogether(
  client: pg.Client,
  statements: readonly string[],
): Promise<readonly Said[]> {
  return execute(client, ['BEGIN', ...statements, 'COMMIT']);
}

/** SQLSTATEs of missing objects: schema, table, column, function, and others. */
export const NOT_THERE = ['3F000', '42P01', '42703', '42883', '42704'];

/** Returns a statement that the server skips with a warning if it fails with one of these SQLSTATEs. */
export function passingOver(statement: string, states: readonly string[]): string {
  const handler = states.map((state) => `SQLSTATE '${state}'`).join(' OR ');
  return `DO ${dollarQuoted(`BEGIN ${statement} EXCEPTION WHEN ${handler} THEN RAISE WARNING USING MESSAGE = SQLERRM, ERRCODE = SQLSTATE; END`)};`;
}

const OF_ROUTINE = /^(?:GRANT|REVOKE) .+ ON (?:FUNCTION|PROCEDURE|AGGREGATE|ROUTINE) .+;$/s;

/** SQLSTATEs of a missing routine, type or schema. */
const NO_ROUTINE = ['42883', '42704', '3F000'];

/**
 * Makes the server skip privileges on missing routines. The routines of the dump exist, but other versions of
 * an extension have different ones.
 */
export function passingOverLackingRoutines(grants: readonly string[]): readonly string[] {
  return grants.map((grant) => (OF_ROUTINE.test(grant) ? passingOver(grant, NO_ROUTINE) : grant));
}

/** Describes the skipped statements for the operator. */
export function passedOverIn(said: readonly Said[]): readonly string[] {
  const lacking = said.filter(({ state }) => NO_ROUTINE.includes(state));
  const [first] = lacking;
  return first === undefined
    ? []
    : [
        `${lacking.length} grants of routines were left out, which the extensions of this server do not have, first: ${first.message}`,
      ];
}
