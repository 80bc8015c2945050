import type pg from 'pg';
import { quoteIdentifier } from '../connection/identifiers.ts';
import type { TocEntry } from './toc/toc.ts';

/** Changes that let a table accept rows that it otherwise rejects. */
export interface RelaxedTable {
  /** SQL before the rows are loaded. */
  readonly before: readonly string[];
  /** SQL after the rows are loaded. */
  readonly after: readonly string[];
  /** Properties that the table lacks afterwards, one sentence each, with the SQL that restores them. */
  readonly lacks: readonly string[];
}

/** Reads checks of the table itself: those of a parent hold for all its children. */
const CHECKS = `
  SELECT conname AS name, pg_catalog.pg_get_constraintdef(oid) AS definition FROM pg_catalog.pg_constraint
   WHERE conrelid = pg_catalog.to_regclass($1)::oid AND contype = 'c' AND conislocal AND coninhcount = 0 ORDER BY conname`;

const GENERATED = `
  SELECT a.attname AS name, pg_catalog.pg_get_expr(d.adbin, d.adrelid) AS definition
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = pg_catalog.to_regclass($1)::oid AND a.attgenerated = 's' AND a.attinhcount = 0 ORDER BY a.attnum`;

interface Part {
  readonly name: string;
  readonly definition: string;
}

/** Returns the ways to load rejected rows: with checks not valid, then also with empty generated columns. */
export async function relaxedTables(
  client: pg.Client,
  { schema = '', name }: Pick<TocEntry, 'schema' | 'name'>,
): Promise<readonly RelaxedTable[]> {
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
  const partsOf = async (query: string): Promise<readonly Part[]> =>
    (await client.query<Part>(query, [table])).rows;
  const checks = (await partsOf(CHECKS)).map((part) => ({ ...part, quoted: quoteIdentifier(part.name) }));
  const columns = (await partsOf(GENERATED)).map((part) => ({ ...part, quoted: quoteIdentifier(part.name) }));
  const unchecked: RelaxedTable = {
    before: checks.map(({ quoted }) => `ALTER TABLE ${table} DROP CONSTRAINT ${quoted};`),
    after: checks.map(
      ({ quoted, definition }) =>
        `ALTER TABLE ${table} ADD CONSTRAINT ${quoted} ${definition.replace(/ NOT VALID$/, '')} NOT VALID;`,
    ),
    lacks: checks.map(
      ({ quoted }) =>
        `All rows are loaded without the validation of check ${quoted} of ${table}. Correct the rows that violate it, then: ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoted}`,
    ),
  };
  const empty: RelaxedTable = {
    before: [
      ...unchecked.before,
      ...columns.map(({ quoted }) => `ALTER TABLE ${table} ALTER COLUMN ${quoted} DROP EXPRESSION;`),
    ],
    after: unchecked.after,
    lacks: [
      ...unchecked.lacks,
      ...columns.map(
        ({ quoted, definition }) =>
          `All rows are loaded without the content of column ${quoted} of ${table}, which was GENERATED ALWAYS AS (${definition}) STORED. It can be computed: UPDATE ${table} SET ${quoted} = ${definition}`,
      ),
    ],
  };
  return [...(checks.length > 0 ? [unchecked] : []), ...(columns.length > 0 ? [empty] : [])];
}
