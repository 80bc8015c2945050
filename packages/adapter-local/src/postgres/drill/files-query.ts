import type pg from 'pg';

/** The setting that the query comes from. */
const SETTING = 'BACKUP_DRILL_FILES_QUERY';

/** Every value as the server writes it. */
const AS_TEXT = { getTypeParser: () => (value: string): string => value };

/**
 * Asks which files the rows name: one statement that cannot change anything, its first column as text.
 * @returns what they are, or what is wrong with the question
 */
export async function askForFiles(client: pg.Client, query: string): Promise<readonly string[] | { readonly problem: string }> {
  await client.query('BEGIN READ ONLY');
  try {
    // With values, though there are none, the server takes a single statement only: none can end the transaction and begin another.
    const { rows } = await client.query<(string | null)[]>({ text: query, values: [], rowMode: 'array', queryMode: 'extended', types: AS_TEXT } as pg.QueryArrayConfig);
    return rows.flatMap(([path]) => path ?? []);
  } catch (error) {
    return { problem: `the query of ${SETTING} failed in the restored database: ${(error as Error).message}. Correct ${SETTING}` };
  } finally {
    await client.query('ROLLBACK');
  }
}
