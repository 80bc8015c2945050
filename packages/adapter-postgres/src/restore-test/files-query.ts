import type pg from 'pg';
import { isBackupError } from '@geolens/backup-core';
import { oneRow } from '../connection/one-row.ts';
import { rightsFor } from './query-rights.ts';
import { asRestrictedRole, type RestoredDatabase } from './restricted-role.ts';

/** The query for the files that rows name. */
export interface FilesQuery {
  /** Returns the paths below the staging folder, one a row. */
  readonly sql: string;
  /** Name of the setting that it comes from, for messages. */
  readonly label: string;
}

/** Every value as the server writes it. */
const AS_TEXT = {
  getTypeParser:
    () =>
    (value: string): string =>
      value,
};

/** The search path of the superuser's sessions in this database, whatever this session has set. */
const SEARCH_PATH = `
  SELECT coalesce(
    (SELECT pg_catalog.substr(c.setting, pg_catalog.length('search_path=') + 1)
       FROM pg_catalog.pg_db_role_setting s
       JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database() AND s.setdatabase IN (0, d.oid)
       JOIN pg_catalog.pg_roles r ON r.rolname = current_user AND s.setrole IN (0, r.oid)
      CROSS JOIN pg_catalog.unnest(s.setconfig) AS c (setting)
      WHERE pg_catalog.starts_with(c.setting, 'search_path=') ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1),
    (SELECT boot_val FROM pg_catalog.pg_settings WHERE name = 'search_path')) AS path`;

/**
 * Asks which files the rows name: one statement that cannot change anything, its first column as text.
 * @returns what they are, or what is wrong with the question
 * @throws BackupError if the connection to the temporary server fails
 */
export async function askForFiles(
  database: RestoredDatabase,
  { sql: query, label }: FilesQuery,
): Promise<readonly string[] | { readonly problem: string }> {
  try {
    const { rows } = await database.superuser.query<{ path: string }>(SEARCH_PATH);
    const searchPath = oneRow(rows).path;
    const rights = await rightsFor(database.superuser, query, searchPath);
    return await asRestrictedRole(database, rights, (client) => read(client, query, searchPath));
  } catch (error) {
    if (isBackupError(error)) throw error;
    return {
      problem: `the query of ${label} failed in the restored database: ${(error as Error).message}. Correct ${label}: it takes one SELECT`,
    };
  }
}

async function read(client: pg.Client, query: string, searchPath: string): Promise<readonly string[]> {
  await client.query('BEGIN READ ONLY');
  await client.query(`SELECT pg_catalog.set_config('search_path', $1, true)`, [searchPath]);
  // With values, though there are none, the server takes a single statement only: none can end the
  // transaction and begin another.
  const { rows } = await client.query<(string | null)[]>({
    text: query,
    values: [],
    rowMode: 'array',
    queryMode: 'extended',
    types: AS_TEXT,
  } as pg.QueryArrayConfig);
  return rows.flatMap(([path]) => path ?? []);
}
