import type pg from 'pg';
import type { TableRows } from '@geolens/backup-core';
import { countRows, relations } from '../session.ts';
import type { Server } from './server.ts';

/** The rows of every table of a database that belongs to no extension, as they are now; and, unless nobody will ask it much, statistics for the planner, which a restore does not bring. */
export async function countAndAnalyze(server: Server, database: string, onStep: (step: string) => void, statistics = true): Promise<{ readonly rows: readonly TableRows[]; readonly notes: readonly string[] }> {
  return server.within(database, 'counting the restored rows', async (client) => {
    onStep('count');
    await client.query(`BEGIN; SELECT pg_catalog.set_config('search_path', '', false); SET LOCAL statement_timeout = 0; SET LOCAL row_security = off`);
    const tables = (await relations(client)).filter(({ partitioned }) => !partitioned);
    const rows = await countRows(client, tables);
    await client.query('COMMIT');
    if (!statistics) return { rows, notes: [] };
    onStep('analyze');
    return { rows, notes: await analyze(client) };
  });
}

/** Statistics make queries quick, not right: what stands in their way is told, and fails nothing. Partitions on other servers do, when these are away. */
export async function analyze(client: pg.Client, tables: readonly string[] = []): Promise<readonly string[]> {
  try {
    await client.query(`ANALYZE ${tables.join(', ')}`);
    return [];
  } catch (error) {
    return [`the statistics for the planner are not complete (${(error as Error).message}): run ANALYZE when that is mended`];
  }
}
