import type pg from 'pg';
import { BackupError } from '@geolens/backup-core';
import { valuesOf } from '../../connection/queries.ts';
import { commentsOf, rightsOf } from './attachments.ts';
import { inlinePartsOf, dependentsOf, keyOf, partsOf, type ObjectSet } from './object-closure.ts';
import { PUBLISHED } from './lost-dependents.ts';
import type { SessionParts } from '../session-parts.ts';
import { IN_UTF8 } from '../psql.ts';
import { findTables, objectOf, PG_CLASS, type Table } from './relations.ts';
import { dumpSchema, restrictedSql, sqlOf, type DumpTools } from '../toc/schema-toc.ts';
import type { WantedTables } from './wanted-tables.ts';

/** The current tables in the live database, and the objects to create again after them. */
export interface PresentTables {
  readonly tables: readonly Table[];
  /** Number of objects that depend on the tables, including the tables. */
  readonly dependents: number;
  /** Returns the definitions of objects that are dropped with the tables without being part of them. */
  readonly remade: () => AsyncIterable<Uint8Array>;
  /** Owners, privileges and comments of these objects. */
  readonly attachments: readonly string[];
  /** Statements that fill materialized views again, as the owners, which need their privileges first. */
  readonly refreshes: readonly string[];
  /** Current owners and privileges of the tables. */
  readonly own: readonly string[];
  readonly notes: readonly string[];
  /** Owners of the tables and of their dependents. */
  readonly owners: readonly string[];
  /** Tables with foreign keys to them. */
  readonly referencing: readonly number[];
}

const POPULATED_VIEWS = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'm' AND c.relispopulated AND c.oid = ANY ($1) ORDER BY c.oid`;

/**
 * Inspects the current tables and their dependents: foreign keys of other tables, views, functions with their
 * row types.
 * @throws BackupError RESTORE_REFUSED if there are partitions or child tables that the backup lacks
 */
export async function presentTables(
  { server, database }: SessionParts,
  wanted: WantedTables,
  tools: DumpTools,
): Promise<PresentTables> {
  const { dump, toc } = await dumpSchema(database, tools);
  return server.within(database, 'inspecting what depends on the tables', async (client) => {
    const tables = await findTables(client, wanted.tables, []);
    refuseUnknownHeirs(tables, wanted);
    await refuseLostReferences(client, tables);
    const [all, own] = [
      await dependentsOf(client, tables.map(objectOf)),
      await partsOf(client, tables.map(objectOf)),
    ];
    const others = new Set([...all].filter((key) => !own.has(key) || key.startsWith(`${PUBLISHED}/`)));
    const entries = toc.entries.filter((entry) => others.has(keyOf(entry)));
    await refuseLostColumns(client, others);
    const inline = (await inlinePartsOf(client, others, toc)).map(({ statement }) => statement);
    const views = await valuesOf(client, POPULATED_VIEWS, [oidsOf(others)]);
    const remade = async function* (): AsyncGenerator<Uint8Array> {
      yield* restrictedSql(sqlOf(dump, entries, tools));
      yield Buffer.from(`${IN_UTF8}\n`);
      for (const statement of inline) yield Buffer.from(`${statement}\n`);
    };
    return {
      tables,
      dependents: all.size,
      remade,
      refreshes: views.map((quoted) => `REFRESH MATERIALIZED VIEW ${quoted};`),
      attachments: [...(await rightsOf(client, others)), ...(await commentsOf(client, others))],
      own: await rightsOf(client, own),
      owners: toc.entries.filter((entry) => all.has(keyOf(entry))).map(({ owner }) => owner),
      referencing: await referencingTables(client, tables),
      notes: notesOf([
        ...entries.map(({ label }) => label),
        ...inline.map((statement) => statement.slice(0, -1)),
      ]),
    };
  });
}

async function referencingTables(client: pg.Client, tables: readonly Table[]): Promise<readonly number[]> {
  return valuesOf<number>(
    client,
    `SELECT DISTINCT conrelid::bigint::integer FROM pg_catalog.pg_constraint WHERE contype = 'f' AND confrelid = ANY ($1)`,
    [tables.map(({ oid }) => oid)],
  );
}

function notesOf(madeAgain: readonly string[]): readonly string[] {
  return madeAgain.length === 0
    ? []
    : [`made again as it was, for it depends on the tables: ${madeAgain.join(', ')}`];
}

const TABLES_AMONG = `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'f') AND c.oid = ANY ($1) ORDER BY 1`;

/**
 * Refuses a restore that would drop a column of another table. This happens if its type or a function of its
 * expression is dropped.
 */
async function refuseLostColumns(client: pg.Client, others: ObjectSet): Promise<void> {
  const names = (await valuesOf(client, TABLES_AMONG, [oidsOf(others)])).join(', ');
  if (names === '') return;
  throw new BackupError(
    'RESTORE_REFUSED',
    `${names} has a column that depends on a table that is to be restored (by its type, or as it is computed), and would lose it; nothing was changed`,
    { hint: 'Restore that table too, or the whole database' },
  );
}

const REFERENCES_TO_PARENTS = `
  WITH RECURSIVE parents (oid) AS (
    SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = ANY ($1)
    UNION SELECT i.inhparent FROM parents p JOIN pg_catalog.pg_inherits i ON i.inhrelid = p.oid
  ) SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, c.relname) AS parent FROM parents p JOIN pg_catalog.pg_class c ON c.oid = p.oid AND c.relkind = 'p'
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_constraint k ON k.confrelid = p.oid AND k.contype = 'f'
     WHERE p.oid <> ALL ($1)`;

/** Refuses a restore that would drop a foreign key to a parent: the partition does not restore it. */
async function refuseLostReferences(client: pg.Client, tables: readonly Table[]): Promise<void> {
  const oids = tables.map(({ oid }) => oid);
  const names = (await valuesOf(client, REFERENCES_TO_PARENTS, [oids])).join(', ');
  if (names === '') return;
  throw new BackupError(
    'RESTORE_REFUSED',
    `a partition of ${names} cannot be restored alone, for foreign keys refer to ${names} and would be lost; nothing was changed`,
    { hint: `Restore ${names} instead, which brings all its partitions` },
  );
}

function refuseUnknownHeirs(tables: readonly Table[], wanted: WantedTables): void {
  const unknown = tables.filter(({ quoted }) => !wanted.tables.some((table) => table.quoted === quoted));
  if (unknown.length === 0) return;
  const names = unknown.map(({ quoted }) => quoted).join(', ');
  throw new BackupError(
    'RESTORE_REFUSED',
    `${names} inherits from a table that is to be restored, or is a partition of it, and is not in the backup; nothing was changed`,
    {
      hint: 'Detach it first (ALTER TABLE … DETACH PARTITION, or NO INHERIT), or restore the whole database',
    },
  );
}

function oidsOf(objects: ObjectSet): readonly number[] {
  const prefix = `${PG_CLASS}/`;
  return [...objects].flatMap((key) => (key.startsWith(prefix) ? [Number(key.slice(prefix.length))] : []));
}
