import type pg from 'pg';
import type { DatabaseProperties, Extension } from '@geolens/backup-core';
import { configure, NO_TIMEOUTS } from '../connection/configure.ts';
import { databasePropertiesOf } from './database-properties.ts';
import { databaseStatementsOf } from './database-statements.ts';
import { batches, relations, type DumpedTable, type Relation } from './dumped-tables.ts';
import { largeObjectGrantsOf } from './large-object-grants.ts';
import { oneRow } from '../connection/one-row.ts';
import { ownersOf } from './owners.ts';
import { codeOf } from '../connection/postgres-errors.ts';

/** Tables were made or dropped between listing and locking this many times in a row. */
const TRIES_TO_LOCK = 5;

const UNDEFINED_TABLE = '42P01';

/** A snapshot that other sessions can take, and what it shows. */
export interface ExportedSnapshot {
  /** The name under which others take the same snapshot. */
  readonly snapshotId: string;
  /** Those whose rows are dumped, without partitioned ones, which have none of their own. */
  readonly tables: readonly Relation[];
  readonly extensions: readonly Extension[];
  readonly databaseProperties: DatabaseProperties | undefined;
  readonly databaseBytes: number;
  /** The owner of the database, grants on it, its settings, comment and connection limit, as SQL. */
  readonly databaseStatements: string;
  /** The owners of everything in it, as SQL. */
  readonly owners: string;
  /** Grants on large objects, as SQL. */
  readonly largeObjectGrants: string;
}

/** What the session is set to; settings that the server's version does not have are passed over. */
const SETTINGS = {
  ...NO_TIMEOUTS,
  // The server notices that this process is gone even while the session waits for a lock.
  client_connection_check_interval: '2s',
};

/**
 * Opens a transaction whose snapshot others can take, with all tables of the dump locked against being
 * dropped or rewritten. The locks come first, the snapshot after them: a table that ALTER TABLE or TRUNCATE
 * rewrote is empty in every snapshot that is older than the end of the rewriting, however many rows it has.
 */
export async function takeSnapshot(
  client: pg.Client,
  database: string,
  lockTimeoutMs: number,
): Promise<ExportedSnapshot> {
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
      const tables = present.filter(({ partitioned }) => !partitioned);
      const { rows } = await client.query<{ id: string }>('SELECT pg_catalog.pg_export_snapshot() AS id');
      const extensions = await extensionsOf(client);
      const databaseProperties = await databasePropertiesOf(client, database);
      const databaseBytes = await databaseBytesOf(client);
      const databaseStatements = await databaseStatementsOf(client, database);
      const owners = (await ownersOf(client)).map((statement) => `${statement}\n`).join('');
      const largeObjectGrants = await largeObjectGrantsOf(client);
      return {
        snapshotId: oneRow(rows).id,
        tables,
        extensions,
        databaseProperties,
        databaseBytes,
        databaseStatements,
        owners,
        largeObjectGrants,
      };
    } catch (error) {
      if (codeOf(error) !== UNDEFINED_TABLE || tries === TRIES_TO_LOCK) throw error;
      await client.query('ROLLBACK');
    }
  }
}

async function lock(client: pg.Client, tables: readonly DumpedTable[]): Promise<void> {
  for (const some of batches(tables)) {
    await client.query(
      `LOCK TABLE ${some.map(({ quoted }) => `ONLY ${quoted}`).join(', ')} IN ACCESS SHARE MODE`,
    );
  }
}

/** Returns the size of the connected database in bytes. */
export async function databaseBytesOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    'SELECT pg_catalog.pg_database_size(pg_catalog.current_database()) AS bytes',
  );
  return Number(oneRow(rows).bytes);
}

async function extensionsOf(client: pg.Client): Promise<readonly Extension[]> {
  const { rows } = await client.query<Extension>(
    'SELECT extname AS name, extversion AS version FROM pg_catalog.pg_extension ORDER BY extname',
  );
  return rows;
}
