import type pg from 'pg';
import type { DatabaseProperties, Extension, TableRows } from '@geolens/backup-core';
import { databasePropertiesOf } from './database-properties.ts';
import { databaseStatementsOf } from './database-statements.ts';
import { largeObjectGrantsOf } from './large-object-grants.ts';
import { ownersOf } from './owners.ts';

/** How many tables are locked or counted by one statement. */
const TABLES_AT_ONCE = 100;

/** Tables were made or dropped between listing and locking this many times in a row. */
const TRIES_TO_LOCK = 5;

const UNDEFINED_TABLE = '42P01';

/** A table whose rows are in the dump. */
export interface DumpedTable {
  readonly schema: string;
  readonly table: string;
  /** Schema and name, quoted for SQL. */
  readonly quoted: string;
}

export interface SnapshotSession {
  /** The name under which others take the same snapshot. */
  readonly snapshotId: string;
  readonly tables: readonly DumpedTable[];
  readonly extensions: readonly Extension[];
  readonly databaseProperties: DatabaseProperties;
  readonly databaseBytes: number;
  /** The owner of the database, grants on it, its settings and comment, as SQL. */
  readonly databaseStatements: string;
  /** The owners of everything in it, as SQL. */
  readonly owners: string;
  /** Grants on large objects, as SQL. */
  readonly largeObjectGrants: string;
}

/** What the session is set to; settings that the server's version does not have are passed over. */
const SETTINGS = {
  search_path: '',
  statement_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  // A count that row-level security would cut short fails instead, as pg_dump does.
  row_security: 'off',
  // The server notices that this process is gone even while it counts a long table.
  client_connection_check_interval: '2s',
};

/**
 * Opens a transaction whose snapshot others can take, with all tables of the dump locked against being dropped or rewritten.
 * The locks come first, the snapshot after them: a table that ALTER TABLE or TRUNCATE rewrote is empty in every snapshot
 * that is older than the end of the rewriting, however many rows it has.
 */
export async function openSnapshot(client: pg.Client, database: string, lockTimeoutMs: number): Promise<SnapshotSession> {
  await configure(client, { ...SETTINGS, lock_timeout: `${lockTimeoutMs}ms` });
  for (let tries = 1; ; tries += 1) {
    const expected = await relations(client);
    // LOCK TABLE takes no snapshot; the first query after it does.
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    try {
      await lock(client, expected);
      const present = await relations(client);
      const locked = new Set(expected.map(({ quoted }) => quoted));
      const late = present.filter(({ quoted }) => !locked.has(quoted));
      if (late.length > 0 && tries < TRIES_TO_LOCK) {
        await client.query('ROLLBACK');
        continue;
      }
      await lock(client, late); // where tables are made all the time: these are as new as the snapshot itself
      const tables = present.filter(({ partitioned }) => !partitioned).map(({ schema, table, quoted }) => ({ schema, table, quoted }));
      const { rows } = await client.query<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id');
      const extensions = await extensionsOf(client);
      const databaseProperties = (await databasePropertiesOf(client, database))!;
      const databaseBytes = await databaseBytesOf(client);
      const databaseStatements = await databaseStatementsOf(client, database);
      const owners = await ownersOf(client);
      const largeObjectGrants = await largeObjectGrantsOf(client);
      return { snapshotId: rows[0]!.id, tables, extensions, databaseProperties, databaseBytes, databaseStatements, owners, largeObjectGrants };
    } catch (error) {
      const vanished = error instanceof Error && 'code' in error && error.code === UNDEFINED_TABLE;
      if (!vanished || tries === TRIES_TO_LOCK) throw error;
      await client.query('ROLLBACK');
    }
  }
}

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

/** Sets what the server knows of these settings, for the rest of the session. */
export async function configure(client: pg.Client, settings: Readonly<Record<string, string>>): Promise<void> {
  await client.query(
    `SELECT pg_catalog.set_config(s.name, v.setting, false)
       FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS v (name, setting) JOIN pg_catalog.pg_settings s ON s.name = v.name`,
    [Object.keys(settings), Object.values(settings)],
  );
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

async function lock(client: pg.Client, tables: readonly DumpedTable[]): Promise<void> {
  for (const some of batches(tables)) {
    await client.query(`LOCK TABLE ${some.map(({ quoted }) => `ONLY ${quoted}`).join(', ')} IN ACCESS SHARE MODE`);
  }
}

async function databaseBytesOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>('SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes');
  return Number(rows[0]!.bytes);
}

async function extensionsOf(client: pg.Client): Promise<readonly Extension[]> {
  const { rows } = await client.query<Extension>(
    'SELECT extname AS name, extversion AS version FROM pg_catalog.pg_extension ORDER BY extname',
  );
  return rows;
}

function* batches(tables: readonly DumpedTable[]): Generator<readonly DumpedTable[]> {
  for (let start = 0; start < tables.length; start += TABLES_AT_ONCE) yield tables.slice(start, start + TABLES_AT_ONCE);
}
