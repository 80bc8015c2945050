import type pg from 'pg';
import { throwIfAborted, type DatabaseProperties, type Extension } from '@geolens/backup-core';
import {
  NO_TIMEOUTS,
  configure,
  inSavepoint,
  valueOf,
  valuesOf,
  preloadedLibrariesOf,
} from '../connection/queries.ts';
import { untranslatable } from '../connection/text-rows.ts';
import { serverEncodingOf } from '../connection/connection.ts';
import { hasForeignBytes } from '../connection/byte-text.ts';
import { databasePropertiesOf, databaseStatementsOf, largeObjectGrantsOf } from './database-properties.ts';
import { batches, relations, type Relation, locksOf } from './dumped-tables.ts';
import { ownersOf } from './owners.ts';
import { codeOf } from '../connection/postgres-errors.ts';
import { extensionTablesWarnings, unloggedWarning } from './rows-left-out.ts';

/** Maximum number of attempts to lock if tables are created or dropped between listing and locking. */
const TRIES_TO_LOCK = 5;

const UNDEFINED_TABLE = '42P01';
const OUT_OF_MEMORY = '53200';

/** A snapshot that other sessions can import, and its content. */
export interface ExportedSnapshot {
  /** Id that other sessions import the snapshot by. */
  readonly snapshotId: string;
  /** Tables whose rows are dumped. Excludes partitioned tables, which have no rows of their own. */
  readonly tables: readonly Relation[];
  /** Tables that the session has not locked: they may be rewritten before the dump locks them. */
  readonly unlocked: readonly Relation[];
  readonly extensions: readonly Extension[];
  readonly databaseProperties: DatabaseProperties | undefined;
  readonly databaseBytes: number | undefined;
  readonly preloadedLibraries: readonly string[] | undefined;
  readonly sections: GlobalsSections;
  /** One sentence for each part that could not be read, and for rows that no dump has. */
  readonly warnings: readonly string[];
}

/** SQL text of the globals; `undefined` for a part that could not be read. */
export interface GlobalsSections {
  /** Owner of the database, grants on it, its settings, comment and connection limit. */
  readonly database: string | undefined;
  /** Owners of all objects in the database. */
  readonly owners: string | undefined;
  /** Grants on large objects. */
  readonly largeObjectGrants: string | undefined;
}

/** Settings of the session; settings that the server's version lacks are skipped. */
const SETTINGS = {
  ...NO_TIMEOUTS,
  // The server detects the end of this process even while the session waits for a lock.
  client_connection_check_interval: '2s',
};

/**
 * Opens a transaction whose snapshot other sessions can import, and locks the dumped tables against drops and
 * rewrites. Locks precede the snapshot: a table rewritten by ALTER TABLE or TRUNCATE is empty in each older
 * snapshot. If the server has too few locks for this session and pg_dump, only pg_dump locks tables.
 */
export async function takeSnapshot(
  client: pg.Client,
  database: string,
  { lockTimeoutMs, signal }: { readonly lockTimeoutMs: number; readonly signal: AbortSignal },
): Promise<ExportedSnapshot> {
  await configure(client, { ...SETTINGS, lock_timeout: `${lockTimeoutMs}ms` });
  const { snapshotId, present, locked } = await lockedSnapshot(client);
  const tables = present.filter(({ partitioned }) => !partitioned);
  const warnings: string[] = [];
  /** Runs work outside the dump itself; its failure is a warning. */
  const auxiliary = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await inSavepoint(client, work);
    } catch (error) {
      throwIfAborted(signal);
      if (client.getTransactionStatus() !== 'T' || !(error instanceof Error)) throw error;
      warnings.push(`the set lacks ${what}, which could not be read: ${error.message}`);
      return undefined;
    }
  };
  const leftOut = [
    await auxiliary('the names of unlogged tables', () => unloggedWarning(client, tables)),
    await auxiliary('the names of tables of extensions', () => extensionTablesWarnings(client)),
  ];
  warnings.push(...leftOut.flatMap((found) => found ?? []));
  const isRaw = serverEncodingOf(client) === 'SQL_ASCII';
  const section = (what: string, read: () => Promise<readonly string[]>): Promise<string | undefined> =>
    auxiliary(what, async () => {
      const statements = await read();
      const lost = isRaw ? [] : statements.filter(hasForeignBytes);
      warnings.push(...lost.map(untranslatable));
      return statements.flatMap((one) => (lost.includes(one) ? [] : `${one}\n`)).join('');
    });
  return {
    snapshotId,
    tables,
    unlocked: tables.filter(({ oid }) => !locked.has(oid)),
    extensions: (await auxiliary('the extensions', () => extensionsOf(client))) ?? [],
    databaseProperties: await auxiliary('the properties of the database', () =>
      databasePropertiesOf(client, database),
    ),
    databaseBytes: await auxiliary('the size of the database', () => databaseBytesOf(client)),
    preloadedLibraries: await auxiliary('the libraries that the server preloads', () =>
      preloadedLibrariesOf(client),
    ),
    sections: {
      database: await section('settings, comment and grants of the database', () =>
        databaseStatementsOf(client, database),
      ),
      owners: await section('the owners of objects', () => ownersOf(client)),
      largeObjectGrants: await section('the grants on large objects', () => largeObjectGrantsOf(client)),
    },
    warnings,
  };
}

async function lockedSnapshot(
  client: pg.Client,
): Promise<{
  readonly snapshotId: string;
  readonly present: readonly Relation[];
  readonly locked: ReadonlySet<string>;
}> {
  const locks = await locksOf(client);
  let mayLock = true;
  for (let tries = 1; ; tries += 1) {
    const expected = await relations(client);
    // LOCK TABLE takes no snapshot; the first query after it does.
    await client.query('BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    try {
      mayLock &&= expected.length * 2 <= locks;
      const locked = new Set(mayLock ? await lock(client, expected) : []);
      const present = await relations(client);
      const known = new Set(expected.map(identityOf));
      const late = present.filter((table) => !known.has(identityOf(table)));
      if (mayLock && late.length > 0 && tries < TRIES_TO_LOCK) {
        await client.query('ROLLBACK');
        continue;
      }
      // For servers that create tables constantly: these tables are as new as the snapshot itself.
      for (const oid of mayLock ? await lock(client, late) : []) locked.add(oid);
      const snapshotId = await valueOf(client, 'SELECT pg_catalog.pg_export_snapshot()');
      return { snapshotId, present, locked };
    } catch (error) {
      const state = codeOf(error);
      if ((state !== UNDEFINED_TABLE && state !== OUT_OF_MEMORY) || tries === TRIES_TO_LOCK) throw error;
      if (state === OUT_OF_MEMORY) mayLock = false;
      await client.query('ROLLBACK');
    }
  }
}

/** Returns an identity of OID and name: a table can take another one's name between listing and locking. */
function identityOf({ oid, quoted }: Relation): string {
  return `${oid} ${quoted}`;
}

/**
 * Locks tables against drops and rewrites.
 * @returns OIDs of the locked tables; names with bytes that are not UTF-8 cannot be sent
 */
async function lock(client: pg.Client, tables: readonly Relation[]): Promise<readonly string[]> {
  const lockable = tables.filter(({ quoted }) => !hasForeignBytes(quoted));
  for (const some of batches(lockable)) {
    await client.query(
      `LOCK TABLE ${some.map(({ quoted }) => `ONLY ${quoted}`).join(', ')} IN ACCESS SHARE MODE`,
    );
  }
  return lockable.map(({ oid }) => oid);
}

/**
 * Finds tables that were rewritten after the snapshot, for example by TRUNCATE: they are empty in the
 * snapshot. pg_relation_filenode returns the present value, the catalog that of the snapshot.
 */
const REWRITTEN = `
  SELECT c.oid::pg_catalog.text AS oid FROM pg_catalog.pg_class c
   WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode`;

/** Returns the tables that another session has rewritten since the snapshot. */
export async function rewrittenOf(
  client: pg.Client,
  tables: readonly Relation[],
): Promise<readonly Relation[]> {
  if (tables.length === 0) return [];
  const found = new Set(await valuesOf(client, REWRITTEN, [tables.map(({ oid }) => oid)]));
  return tables.filter(({ oid }) => found.has(oid));
}

/** Returns the size of the connected database in bytes. */
export async function databaseBytesOf(client: pg.Client): Promise<number> {
  return Number(await valueOf(client, 'SELECT pg_catalog.pg_database_size(pg_catalog.current_database())'));
}

async function extensionsOf(client: pg.Client): Promise<readonly Extension[]> {
  const { rows } = await client.query<Extension>(
    'SELECT extname AS name, extversion AS version FROM pg_catalog.pg_extension ORDER BY extname',
  );
  return rows;
}
