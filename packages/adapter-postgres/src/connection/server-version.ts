import type pg from 'pg';
import { oneRow } from './one-row.ts';

/** The version without what the packager adds: `15.18`. */
export const SERVER_VERSION = `pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1)`;

/** Returns the first number of a version of PostgreSQL: 15 for `15.18`; 0 if it begins with none. */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10) || 0;
}

/** Returns the version of the server. */
export async function serverVersionOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: string }>(`SELECT ${SERVER_VERSION} AS version`);
  return oneRow(rows).version;
}
