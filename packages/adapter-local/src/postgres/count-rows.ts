import type pg from 'pg';
import type { TableRows } from '@geolens/backup-core';
import { batches, type DumpedTable } from './dumped-tables.ts';

/**
 * The rows of every table, in the transaction's snapshot. Counting locks the indexes as well; with thousands of tables that
 * would fill the server's lock table, so each statement's locks are given back by a savepoint.
 */
export async function countRows(client: pg.Client, tables: readonly DumpedTable[]): Promise<readonly TableRows[]> {
  const counts: TableRows[] = [];
  for (const some of batches(tables)) {
    const counting = some.map(({ quoted }, index) => `SELECT ${index} AS index, count(*) AS rows FROM ONLY ${quoted}`);
    await client.query('SAVEPOINT counting');
    const { rows } = await client.query<{ index: number; rows: string }>(counting.join(' UNION ALL '));
    await client.query('ROLLBACK TO SAVEPOINT counting');
    const byIndex = new Map(rows.map((row) => [row.index, Number(row.rows)]));
    counts.push(...some.map(({ schema, table }, index) => ({ schema, table, rows: byIndex.get(index)! })));
  }
  return counts;
}
