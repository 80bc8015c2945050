import type pg from 'pg';

/** How many tables are locked or counted by one statement. */
const TABLES_AT_ONCE = 100;

/** A table whose rows are in the dump. */
export interface DumpedTable {
  readonly schema: string;
  readonly table: string;
  /** Schema and name, quoted for SQL. */
  readonly quoted: string;
}

export interface Relation extends DumpedTable {
  /** Whether its rows are all in its partitions. */
  readonly partitioned: boolean;
}

/** Tables, partitioned ones and partitions, without those of extensions, whose rows come from the extension. */
export async function relations(client: pg.Client): Promise<readonly Relation[]> {
  const { rows } = await client.query<Relation>(
    `SELECT n.nspname AS schema, c.relname AS table, pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted, c.relkind = 'p' AS partitioned
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                         WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
      ORDER BY n.nspname, c.relname`,
  );
  return rows;
}

/** So many that one statement may lock or count them. */
export function* batches(tables: readonly DumpedTable[]): Generator<readonly DumpedTable[]> {
  for (let start = 0; start < tables.length; start += TABLES_AT_ONCE) yield tables.slice(start, start + TABLES_AT_ONCE);
}
