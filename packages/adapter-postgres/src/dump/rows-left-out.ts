import type pg from 'pg';
import { escapeForeignBytes } from '../connection/byte-text.ts';
import { textRows } from '../connection/text-rows.ts';
import { valueOf } from '../connection/queries.ts';
import type { Relation } from './dumped-tables.ts';
import { namesOf } from '../connection/identifiers.ts';

/** Returns one warning if the server is a standby, which does not have the rows of unlogged tables. */
export async function unloggedWarning(
  client: pg.Client,
  tables: readonly Relation[],
): Promise<readonly string[]> {
  const unlogged = tables.filter((table) => table.unlogged && !table.partitioned);
  if (unlogged.length === 0) return [];
  if (!(await valueOf<boolean>(client, 'SELECT pg_catalog.pg_is_in_recovery()'))) return [];
  const names = namesOf(unlogged.map(({ schema, table }) => `${schema}.${table}`));
  const many = unlogged.length === 1 ? 'one unlogged table are' : `${unlogged.length} unlogged tables are`;
  return [`the rows of ${many} not in the dump, because the server is a standby: ${names}`];
}

/**
 * Extension tables with content that pg_dump omits, because only pg_extension_config_dump enables dumping
 * their rows. Row counts are estimates: a query on a table could run code of its owner.
 */
const OF_EXTENSIONS = `
  SELECT n.nspname || '.' || c.relname AS name, x.extname AS extension,
         CASE WHEN c.reltuples > 0 THEN c.reltuples ELSE pg_catalog.pg_stat_get_live_tuples(c.oid) END::pg_catalog.int8 AS rows
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
    JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
   WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid <> ALL (coalesce(x.extconfig, '{}'))
     AND x.extname <> ALL ($1) AND pg_catalog.pg_relation_size(c.oid) > 0
   ORDER BY 1`;

/** Extensions whose unmarked tables only have rows that `CREATE EXTENSION` restores. */
const FILL_THEIR_TABLES = ['postgis_tiger_geocoder'];

/** Returns a warning for each table with rows that an extension owns and does not mark for dumping. */
export async function extensionTablesWarnings(client: pg.Client): Promise<readonly string[]> {
  const tables = await textRows<{ readonly name: string; readonly extension: string; readonly rows: string }>(
    client,
    OF_EXTENSIONS,
    ['name'],
    [FILL_THEIR_TABLES],
  );
  return tables.map(({ name, extension, rows }) => {
    const about =
      Number(rows) > 0 ? `about ${Number(rows).toLocaleString('en-US')} rows` : 'an unknown number of rows';
    return `table ${escapeForeignBytes(name)} (${about}) belongs to extension ${extension} and is not in the dump`;
  });
}
