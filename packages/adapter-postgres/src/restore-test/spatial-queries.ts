import type pg from 'pg';
import { isBackupError } from '@geolens/backup-core';
import type { DiagnosticResults } from './results.ts';
import { asRestrictedRole, INSUFFICIENT_PRIVILEGE, type RestoredDatabase } from './restricted-role.ts';

const MOST_COLUMNS = 20;

/* Large tables first. */
const COLUMNS = `
  SELECT pg_catalog.format('%I.%I.%I', n.nspname, c.relname, a.attname) AS name, pg_catalog.format('%I.%I', n.nspname, c.relname) AS table,
         pg_catalog.quote_ident(a.attname) AS column, pg_catalog.quote_ident(s.nspname) AS schema, pg_catalog.quote_ident(n.nspname) AS table_schema
    FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid AND d.deptype = 'e'
     AND d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
    JOIN pg_catalog.pg_type t ON t.oid = d.objid AND t.typname IN ('geometry', 'geography')
    JOIN pg_catalog.pg_namespace s ON s.oid = t.typnamespace
    JOIN pg_catalog.pg_attribute a ON a.atttypid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relpersistence <> 't'
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE e.extname = 'postgis' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend o
           WHERE o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.objid = c.oid AND o.deptype = 'e')
   ORDER BY pg_catalog.pg_relation_size(c.oid) DESC, 1 LIMIT ${MOST_COLUMNS}`;

interface SpatialColumn {
  readonly name: string;
  readonly table: string;
  readonly column: string;
  /** Schema of the type. */
  readonly schema: string;
  readonly table_schema: string;
}

/**
 * Takes one shape of each column and searches for it by its bounding box, with the index if it exists. Omits
 * a column if the role may not execute a function of its table.
 */
export async function askSpatially(database: RestoredDatabase): Promise<DiagnosticResults> {
  const { rows: columns } = await database.superuser.query<SpatialColumn>(COLUMNS);
  const problems: string[] = [];
  const answered: string[] = [];
  for (const column of columns) {
    const rights = [
      `USAGE ON SCHEMA ${column.schema}, ${column.table_schema}`,
      `SELECT ON TABLE ${column.table}`,
    ];
    try {
      const found = await asRestrictedRole(database, rights, (client) => findAgain(client, column));
      if (found === true) answered.push(column.name);
      if (found === false)
        problems.push(`a spatial query does not find a shape of ${column.name} that is there`);
    } catch (error) {
      if (isBackupError(error)) throw error; // a connection error
      if ((error as pg.DatabaseError).code !== INSUFFICIENT_PRIVILEGE)
        problems.push(`a spatial query on ${column.name} failed: ${(error as Error).message}`);
    }
  }
  return {
    problems,
    warnings: [],
    facts: answered.length === 0 ? [] : [`spatial query answered on ${answered.join(', ')}`],
  };
}

/**
 * Returns whether the query finds the shape; `undefined` if there is none. An empty shape has no bounding
 * box.
 */
async function findAgain(
  client: pg.Client,
  { table, column, schema }: SpatialColumn,
): Promise<boolean | undefined> {
  await client.query('BEGIN READ ONLY');
  const { rows } = await client.query<{ shape: string; type: string }>(
    `SELECT ${column}::pg_catalog.text AS shape, pg_catalog.pg_typeof(${column})::pg_catalog.oid::pg_catalog.regtype::pg_catalog.text AS type
       FROM ONLY ${table} WHERE ${column} IS NOT NULL AND NOT ${schema}.st_isempty(${column}::${schema}.geometry) LIMIT 1`,
  );
  const shape = rows[0];
  if (shape === undefined) return undefined;
  await client.query('SET LOCAL enable_seqscan = off');
  const found = await client.query(
    `SELECT FROM ONLY ${table} WHERE ${column} OPERATOR(${schema}.&&) $1::${shape.type} LIMIT 1`,
    [shape.shape],
  );
  return found.rowCount === 1;
}
