import type pg from 'pg';
import { codeOf } from '../connection/postgres-errors.ts';
import { encodeBytes, hasForeignBytes } from '../connection/byte-text.ts';
import { dollarQuoted } from '../connection/sql-text.ts';
import { type ClientMessage, messageWithoutValues } from '../connection/client-errors.ts';

/** What the server had to say to a statement: an error, or a warning. */
export interface Said {
  readonly level: 'ERROR' | 'WARNING';
  readonly state: string;
  readonly message: string;
}

/**
 * Executes statements one after the other, each as a single statement: in the extended protocol the server
 * accepts no second one in the same text.
 * @param goOn Whether an error ends nothing; it is in the answer then. Otherwise it is thrown.
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

/** pg sends UTF-8 only: a statement with other bytes is made on the server. */
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
 * Executes statements in one transaction. Those that may fail leave the others in effect.
 * @throws the error of any other statement, or of the connection; nothing takes effect then
 */
export async function executeEach(
  client: pg.Client,
  statements: readonly string[],
  mayFail: (statement: string) => boolean,
): Promise<{ readonly said: readonly Said[]; readonly refused: readonly Refused[] }> {
  try {
    // As a rule none fails, and savepoints would treble the round trips.
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

/** Whether an error has a SQLSTATE: others are of the connection. */
export function isOfStatement(error: unknown): error is Error {
  return /^[0-9A-Z]{5}$/.test(codeOf(error) ?? '');
}

/** Executes them all, or none of them. */
export async function executeTogether(
  client: pg.Client,
  statements: readonly string[],
): Promise<readonly Said[]> {
  return execute(client, ['BEGIN', ...statements, 'COMMIT']);
}

/** SQLSTATEs of what is not there: a schema, table, column, function, object of another kind. */
export const NOT_THERE = ['3F000', '42P01', '42703', '42883', '42704'];

/**
 * The statement as one that is passed over when it ends in one of these SQLSTATEs, which the server then says
 * as a warning.
 */
export function passingOver(statement: string, states: readonly string[]): string {
  const handler = states.map((state) => `SQLSTATE '${state}'`).join(' OR ');
  return `DO ${dollarQuoted(`BEGIN ${statement} EXCEPTION WHEN ${handler} THEN RAISE WARNING USING MESSAGE = SQLERRM, ERRCODE = SQLSTATE; END`)};`;
}

const OF_ROUTINE = /^(?:GRANT|REVOKE) .+ ON (?:FUNCTION|PROCEDURE|AGGREGATE|ROUTINE) .+;$/s;

/** SQLSTATEs of a routine, type or schema that is not there. */
const NO_ROUTINE = ['42883', '42704', '3F000'];

/**
 * Privileges on routines that are not there are passed over: those of the dump are there, but other versions
 * of an extension have other ones.
 */
export function passingOverLackingRoutines(grants: readonly string[]): readonly string[] {
  return grants.map((grant) => (OF_ROUTINE.test(grant) ? passingOver(grant, NO_ROUTINE) : grant));
}

/** What was passed over, for people to read. */
export function passedOverIn(said: readonly Said[]): readonly string[] {
  const lacking = said.filter(({ state }) => NO_ROUTINE.includes(state));
  const [first] = lacking;
  return first === undefined
    ? []
    : [
        `${lacking.length} grants of routines were left out, which the extensions of this server do not have, first: ${first.message}`,
      ];
}
