import type pg from 'pg';
import { quoteIdentifier } from '../restore/identifiers.ts';

export interface Look {
  readonly problems: readonly string[];
  readonly facts: readonly string[];
  readonly warnings: readonly string[];
}

/** Looks at a restored database for what it must not have, and asks it something that only a whole one can answer. */
export async function look(client: pg.Client): Promise<Look> {
  const looks = [await indexes(client), await constraints(client), await spatial(client)];
  return {
    problems: looks.flatMap(({ problems = [] }) => problems),
    facts: looks.flatMap(({ facts = [] }) => facts),
    warnings: looks.flatMap(({ warnings = [] }) => warnings),
  };
}

const NOT_OF_THE_SYSTEM = `n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;

async function indexes(client: pg.Client): Promise<Partial<Look>> {
  const { rows } = await client.query<{ name: string; valid: boolean }>(`
    SELECT n.nspname || '.' || c.relname AS name, i.indisvalid AND i.indisready AS valid
      FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE ${NOT_OF_THE_SYSTEM} AND c.relkind = 'i' ORDER BY 1`);
  const bad = rows.filter(({ valid }) => !valid);
  return { problems: bad.map(({ name }) => `the index ${name} is not valid`), facts: [`${rows.length - bad.length} indexes are valid`] };
}

/** A restore checks every row against each constraint that it makes; one that was dumped as NOT VALID stays so. */
async function constraints(client: pg.Client): Promise<Partial<Look>> {
  const { rows } = await client.query<{ name: string; valid: boolean }>(`
    SELECT k.conrelid::pg_catalog.regclass || ': ' || k.conname AS name, k.convalidated AS valid
      FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
     WHERE ${NOT_OF_THE_SYSTEM} AND k.conrelid <> 0 AND k.contype IN ('c', 'f', 'p', 'u', 'x') ORDER BY 1`);
  const lax = rows.filter(({ valid }) => !valid);
  return {
    facts: [`${rows.length - lax.length} constraints hold`],
    warnings: lax.length === 0 ? [] : [`these constraints are NOT VALID, as they were when they were dumped: ${lax.map(({ name }) => name).join(', ')}`],
  };
}

/** So many columns are asked; each costs a look through its index. */
const COLUMNS_ASKED = 20;

interface SpatialColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

/** Finds one shape of each spatial column again by its bounding box. */
async function spatial(client: pg.Client): Promise<Partial<Look>> {
  const { rows: columns } = await client.query<SpatialColumn>(`
    SELECT n.nspname AS schema, c.relname AS table, a.attname AS column
      FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     WHERE t.typname IN ('geometry', 'geography') AND c.relkind IN ('r', 'p', 'm') AND NOT a.attisdropped AND ${NOT_OF_THE_SYSTEM}
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
     ORDER BY 1, 2, a.attnum LIMIT ${COLUMNS_ASKED}`);
  const problems: string[] = [];
  const answered: string[] = [];
  for (const one of columns) {
    const name = `${one.schema}.${one.table}.${one.column}`;
    const [column, table] = [quoteIdentifier(one.column), `${quoteIdentifier(one.schema)}.${quoteIdentifier(one.table)}`];
    try {
      const { rows } = await client.query<{ found: boolean }>(`
        WITH one AS (SELECT ${column} AS shape FROM ${table} WHERE ${column} && ${column} LIMIT 1)
        SELECT EXISTS (SELECT FROM ${table} WHERE ${column} && (SELECT shape FROM one)) AS found FROM one`);
      if (rows[0]?.found === false) problems.push(`a shape of ${name} is not found again by its bounding box`);
      else if (rows[0] !== undefined) answered.push(name);
    } catch (error) {
      problems.push(`a spatial query on ${name} failed: ${(error as Error).message}`);
    }
  }
  return { problems, facts: answered.length === 0 ? [] : [`a spatial query was answered on ${answered.join(', ')}`] };
}
