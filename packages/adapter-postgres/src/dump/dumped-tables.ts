import type pg from 'pg';
import { escapeForeignBytes } from '../connection/byte-text.ts';
import { textRows } from '../connection/text-rows.ts';
import { valueOf } from '../connection/queries.ts';

/** Number of tables that one statement locks. */
const TABLES_AT_ONCE = 100;

/** A table whose rows are in the dump. Bytes of its names that are not UTF-8 are escaped: `caf\\xE9`. */
export interface DumpedTable {
  readonly schema: string;
  readonly table: string;
  /** Schema and name, quoted for SQL. Bytes that are not UTF-8 are lone surrogates; see `decodeBytes`. */
  readonly quoted: string;
}

export interface Relation extends DumpedTable {
  /** OID in the database; its rows have it in a dump too. */
  readonly oid: string;
  /** Whether all its rows are in its partitions. */
  readonly partitioned: boolean;
  /** Whether it belongs to an extension that marks its rows for dumping. */
  readonly ofExtension: boolean;
  /** Whether it is unlogged: only the primary server has its rows, and no standby. */
  readonly unlogged: boolean;
}

const RELATIONS = `
  SELECT c.oid::pg_catalog.text AS oid, n.nspname AS schema, c.relname AS table, pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted, c.relkind = 'p' AS partitioned,
         x.oid IS NOT NULL AS "ofExtension", c.relpersistence = 'u' AS unlogged
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
    LEFT JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
   WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND (x.oid IS NULL OR c.oid = ANY (x.extconfig))
   ORDER BY n.nspname, c.relname`;

/** Returns tables, partitioned ones and partitions. Excludes extension tables without dumped rows. */
export async function relations(client: pg.Client): Promise<readonly Relation[]> {
  const rows = await textRows<Relation & pg.QueryResultRow>(client, RELATIONS, ['schema', 'table', 'quoted']);
  return rows.map((row) => ({
    ...row,
    schema: escapeForeignBytes(row.schema),
    table: escapeForeignBytes(row.table),
  }));
}

/** Yields the tables in batches that one statement may lock. */
export function* batches(tables: readonly DumpedTable[]): Generator<readonly DumpedTable[]> {
  for (let start = 0; start < tables.length; start += TABLES_AT_ONCE)
    yield tables.slice(start, start + TABLES_AT_ONCE);
}

/** Number of shared lock entries: every lock on an object takes one. */
const LOCKS = `
  SELECT pg_catalog.current_setting('max_locks_per_transaction')::pg_catalog.int8
         * (pg_catalog.current_setting('max_connections')::pg_catalog.int8
            + pg_catalog.current_setting('max_prepared_transactions')::pg_catalog.int8)`;

/** Returns the number of locks that the server has memory for. */
export async function locksOf(client: pg.Client): Promise<number> {
  return Number(await valueOf(client, LOCKS));
}
