import type pg from 'pg';
import { programFed, type ProgramEnd } from '@geolens/backup-system';
import { encodeBytes } from '../connection/byte-text.ts';
import { connectionString, serverEncodingOf } from '../connection/connection.ts';
import type { SessionParts } from './session-parts.ts';

/** Returns the client encoding for `copyOut`: names of a SQL_ASCII database need not be UTF-8. */
export function copyEncodingOf(client: pg.Client): string {
  return serverEncodingOf(client) === 'SQL_ASCII' ? 'SQL_ASCII' : 'UTF8';
}

/**
 * Runs statements with `COPY … TO STDOUT` in one session of psql, up to the first error, and passes on what it
 * writes. COPY reads a table without planning a query over it. Planning evaluates the constant expressions of
 * the table's indexes as the role of the session: `SELECT` would run functions of the table's owner with the
 * rights of the restoring role. Rows that row-level security hides are an error.
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
