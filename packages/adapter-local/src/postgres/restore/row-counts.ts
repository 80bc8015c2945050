import type { TableRows } from '@geolens/backup-core';
import { countRows } from '../count-rows.ts';
import { relations } from '../dumped-tables.ts';
import type { Server } from './server.ts';

/** The rows of every table of a database that belongs to no extension, as they are now. */
export async function countRestored(server: Server, database: string): Promise<readonly TableRows[]> {
  return server.within(database, 'counting the restored rows', async (client) => {
    await client.query(`BEGIN; SELECT pg_catalog.set_config('search_path', '', false); SET LOCAL statement_timeout = 0; SET LOCAL row_security = off`);
    const tables = (await relations(client)).filter(({ partitioned }) => !partitioned);
    return countRows(client, tables);
  });
}
