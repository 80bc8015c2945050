import type pg from 'pg';
import { isBackupError } from '@geolens/backup-core';
import { asReaderOf } from './query-rights.ts';
import type { RestoredDatabase } from './restricted-role.ts';

/** The query for the files that rows name. */
export interface FilesQuery {
  /** Query that returns paths below the staging folder, one for each row. */
  readonly sql: string;
  /** Name of the setting that gives the query, for messages. */
  readonly label: string;
}

/** Returns each value as the server writes it. */
const AS_TEXT = {
  getTypeParser:
    () =>
    (value: string): string =>
      value,
};

/**
 * Queries the files that the rows name. Runs one read-only statement and reads its first column as text.
 * @returns the paths, or the problem of the query
 * @throws BackupError if the connection to the temporary server fails
 */
export async function askForFiles(
  database: RestoredDatabase,
  { sql: query, label }: FilesQuery,
): Promise<readonly string[] | { readonly problem: string }> {
  try {
    return await asReaderOf(database, query, (client) => read(client, query));
  } catch (error) {
    if (isBackupError(error)) throw error;
    return {
      problem: `the query of ${label} failed in the restored database: ${(error as Error).message}. Correct ${label}: it takes one SELECT`,
    };
  }
}

async function read(client: pg.Client, query: string): Promise<readonly string[]> {
  // With `values`, the server accepts only one statement: it cannot end the transaction and start another.
  const { rows } = await client.query<(string | null)[]>({
    text: query,
    values: [],
    rowMode: 'array',
    queryMode: 'extended',
    types: AS_TEXT,
  } as pg.QueryArrayConfig);
  return rows.flatMap(([path]) => path ?? []);
}
