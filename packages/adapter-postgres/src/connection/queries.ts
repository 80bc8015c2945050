import type pg from 'pg';

/**
 * Returns the row of a query that always has one.
 * @throws Error if the server returned none
 */
export function oneRow<Row>([row]: readonly Row[]): Row {
  if (row === undefined) throw new Error('the server returned no row for a query that always has one');
  return row;
}

/** Returns the values of a query with one column. */
export async function valuesOf<T = string>(
  client: pg.Client,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly T[]> {
  const { rows } = await client.query<Record<string, T>>(sql, [...values]);
  return rows.flatMap((row) => Object.values(row));
}

/** Returns the value of a query that always has one row, with one column. */
export async function valueOf<T = string>(
  client: pg.Client,
  sql: string,
  values?: readonly unknown[],
): Promise<T> {
  return oneRow(await valuesOf<T>(client, sql, values));
}

/**
 * Runs work whose failure does not end the transaction of the session.
 * @throws the error of the work, or the error of a lost session
 */
export async function inSavepoint<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  if (client.getTransactionStatus() !== 'T') return work();
  await client.query('SAVEPOINT geolens_backup');
  try {
    const result = await work();
    await client.query('RELEASE SAVEPOINT geolens_backup');
    return result;
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT geolens_backup; RELEASE SAVEPOINT geolens_backup');
    throw error;
  }
}

/** Settings that disable the server's timeouts for statements and sessions. */
export const NO_TIMEOUTS = {
  statement_timeout: '0',
  lock_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
};

/** Overrides settings of roles and databases that would end or forbid a restore midway. */
export const UNHINDERED = { ...NO_TIMEOUTS, default_transaction_read_only: 'off' };

/** Applies those settings that the server knows, for the rest of the session. */
export async function configure(
  client: pg.Client,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  await client.query(
    `SELECT pg_catalog.set_config(s.name, v.setting, false)
       FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS v (name, setting) JOIN pg_catalog.pg_settings s ON s.name = v.name`,
    [Object.keys(settings), Object.values(settings)],
  );
}

/** SQL expression for the version without the packager's suffix, for example `15.18`. */
export const SERVER_VERSION = `pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1)`;

/** Returns the major version: 15 for `15.18`; 0 if the text starts with no number. */
export function majorOf(version: string): number {
  return Number.parseInt(version, 10) || 0;
}

export function serverVersionOf(client: pg.Client): Promise<string> {
  return valueOf(client, `SELECT ${SERVER_VERSION}`);
}

/**
 * Returns the libraries that the server preloads, without their folders; `undefined` if the role may not read
 * the setting.
 */
export async function preloadedLibrariesOf(client: pg.Client): Promise<readonly string[] | undefined> {
  if (!(await valueOf<boolean>(client, `SELECT pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE')`)))
    return undefined;
  const setting = await valueOf(client, `SELECT pg_catalog.current_setting('shared_preload_libraries')`);
  return setting
    .split(',')
    .map((path) => /([^/]+?)(?:\.so)?$/.exec(path.trim().replaceAll('"', ''))?.[1] ?? '')
    .filter((name) => name !== '');
}
