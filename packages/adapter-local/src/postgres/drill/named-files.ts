import type pg from 'pg';

/** The variable that the query comes from, for messages. */
const SETTING = 'BACKUP_DRILL_FILES_QUERY';

/** Asks a restored database for the files that its rows name: the first column of a query that may only read. */
export async function namedFiles(client: pg.Client, query: string): Promise<{ readonly files: readonly string[] } | { readonly problem: string }> {
  try {
    await client.query('BEGIN READ ONLY');
    const { rows } = await client.query<unknown[]>({ text: query, rowMode: 'array' });
    return { files: rows.flatMap(([path]) => (typeof path === 'string' ? [path] : [])) };
  } catch (error) {
    return { problem: `${SETTING} could not be asked in the restored database: ${(error as Error).message}` };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
  }
}
