import { BackupError } from '@geolens/backup-core';
import { type ProgramEnd, type ProgramEnvironment, programFed } from '@geolens/backup-system';
import type pg from 'pg';
import { serverEncodingOf } from '../connection/connection.ts';
import { connectionString } from '../connection/program-connection.ts';
import type { Said } from './execute.ts';
import { endWithoutValues, psqlMessages } from '../connection/program-messages.ts';
import { encodeBytes } from '../connection/byte-text.ts';
import type { SessionParts } from './session-parts.ts';

/** For our SQL text after the output of pg_restore, which is in the encoding of the dump. */
export const IN_UTF8 = `SET client_encoding = 'UTF8';`;

interface PsqlRequest {
  readonly psql: string;
  /** Environment with the connection; see libpqEnvironment. */
  readonly env: ProgramEnvironment;
  readonly signal: AbortSignal;
  /** Whether to continue after errors and return them. */
  readonly goOn?: boolean | undefined;
}

/** Classes of SQLSTATEs that are not errors: success, warning, no data. */
const NO_ERROR = ['00', '01', '02'];

const FOREIGN_KEY = '23503';

/**
 * Runs SQL text with psql, which supports the output of pg_restore (rows to copy, `\restrict`). The text is
 * UTF-8 until it sets another encoding, as dumps do. Returns the messages of the server.
 * @throws BackupError RESTORE_FAILED at the first error, unless `goOn` is set
 */
export async function runSql(
  sql: string | AsyncIterable<Uint8Array>,
  doing: string,
  { psql, env, signal, goOn = false }: PsqlRequest,
): Promise<readonly Said[]> {
  const args = [
    '-X',
    '-q',
    '-v',
    `ON_ERROR_STOP=${goOn ? 0 : 1}`,
    '-v',
    'VERBOSITY=verbose',
    '-d',
    connectionString(env['PGDATABASE'] ?? ''),
    '-o',
    '/dev/null',
    '-f',
    '-',
  ];
  const end = await programFed(psql, args, typeof sql === 'string' ? [Buffer.from(sql)] : sql, {
    env: { ...env, PGCLIENTENCODING: 'UTF8' },
    signal,
  });
  const said = saidIn(end);
  if (end.code !== 0) {
    const error = said.findLast(({ level }) => level === 'ERROR'); // it ended psql
    const hint =
      error?.state === FOREIGN_KEY
        ? 'Restore the other table too, or remove the rows that would point at nothing'
        : undefined;
    throw new BackupError(
      'RESTORE_FAILED',
      `${doing} failed: ${error === undefined ? endWithoutValues('psql', end) : error.message}`,
      { hint, cause: error && Object.assign(new Error(error.message), { code: error.state }) },
    );
  }
  return said;
}

function saidIn({ stderr }: ProgramEnd): readonly Said[] {
  return psqlMessages(stderr).map(({ state, message }) => ({
    level: NO_ERROR.includes(state.slice(0, 2)) ? 'WARNING' : 'ERROR',
    state,
    message,
  }));
}

/** Returns the client encoding for `copyOut`: names of a SQL_ASCII database may not be UTF-8. */
export function copyEncodingOf(client: pg.Client): string {
  return serverEncodingOf(client) === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8';
}

/**
 * Runs `COPY … TO STDOUT` statements in one psql session, up to the first error, and passes on the output.
 * COPY reads a table without planning a query. Planning evaluates constant expressions of the table's indexes
 * as the role of the session. So `SELECT` would run functions of the table's owner with the rights of the
 * restoring role. Rows hidden by row-level security are an error.
 */
export function copyOut(
  { server, signal }: SessionParts,
  database: string,
  statements: readonly string[],
  { encoding, onOutput }: { readonly encoding: string; readonly onOutput: (chunk: Uint8Array) => void },
): Promise<ProgramEnd> {
  return programFed(
    server.programs.psql,
    ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', connectionString(database), '-f', '-'],
    [encodeBytes(`SET row_security = off;\n${statements.join('')}`)],
    { env: { ...server.env(database), PGCLIENTENCODING: encoding }, signal },
    onOutput,
  );
}
