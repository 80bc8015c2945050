import type pg from 'pg';
import { isBackupError } from '@geolens/backup-core';
import { asReaderOf } from './query-rights.ts';
import type { RestoredDatabase } from './restricted-role.ts';

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
    return await asReaderOf(database, query, (client) => read(client, query));
  } catch (error) {
    if (isBackupError(error)) throw error;
    return {
      problem: `the query of ${label} failed in the restored database: ${(error as Error).message}. Correct ${label}: it takes one SELECT`,
    };
  }
}

async function read(client: pg.Client, query: string): Promise<readonly string[]> {
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
