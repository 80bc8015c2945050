import type pg from 'pg';
import type { TableSelection } from '@geolens/backup-core';
import type { ObjectId } from './object-closure.ts';
import type { TableName } from '../toc/table-selection.ts';

export const PG_CLASS = 1259;

/** A table of a database. */
export interface Table extends TableName {
  readonly oid: number;
  /** Schema and name, quoted. */
  readonly quoted: string;
  /** Whether all its rows are in its partitions. */
  readonly partitioned: boolean;
  /** Whether it is a partition or child table with its rows on another server; it follows its parent. */
  readonly foreign: boolean;
}

export function objectOf({ oid }: Table): ObjectId {
  return { catalog: PG_CLASS, oid };
}

const TABLES = `
  SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS table, pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted, c.relkind = 'p' AS partitioned, c.relkind = 'f' AS foreign
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'f') AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = ${PG_CLASS} AND d.objid = c.oid AND d.deptype = 'e')`;

/** Finds tables with their child tables, including partitions: they can only be replaced together. */
const WITH_HEIRS = `
  WITH RECURSIVE family (oid) AS (
    SELECT oid FROM pg_catalog.unnest($1::oid[]) oid UNION SELECT i.inhrelid FROM family f JOIN pg_catalog.pg_inherits i ON i.inhparent = f.oid
  ) ${TABLES} AND c.oid IN (SELECT oid FROM family) ORDER BY n.nspname, c.relname`;

/**
 * Returns the named tables and those of whole schemas, with all child tables in this database. Includes
 * foreign tables only as child tables.
 */
export async function findTables(
  client: pg.Client,
  names: readonly TableName[],
  schemas: TableSelection['schemas'],
): Promise<readonly Table[]> {
  const found = await client.query<{ oid: string }>(
    `${TABLES} AND c.relkind <> 'f' AND (n.nspname = ANY ($1) OR (n.nspname, c.relname) IN (SELECT * FROM ROWS FROM (pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]))))`,
    [schemas, names.map(({ schema }) => schema), names.map(({ table }) => table)],
  );
  const { rows } = await client.query<Omit<Table, 'oid'> & { oid: string }>(WITH_HEIRS, [
    found.rows.map(({ oid }) => oid),
  ]);
  return rows.map((row) => ({ ...row, oid: Number(row.oid) }));
}
