import type pg from 'pg';
import type { Toc } from '../toc/toc.ts';

/** One object of a database by its catalog and OID, as in pg_depend. */
export interface ObjectId {
  readonly catalog: number;
  readonly oid: number;
}

export type ObjectSet = ReadonlySet<string>;

/** Returns the key of an object in sets. */
export function keyOf({ catalog, oid }: ObjectId): string {
  return `${catalog}/${oid}`;
}

/** Returns the keys of objects as two columns, catalogs and OIDs, for `unnest`. */
export function columnsOf(keys: readonly string[]): [string[], string[]] {
  const pairs = keys.map((key) => key.split('/') as [string, string]);
  return [pairs.map(([catalog]) => catalog), pairs.map(([, oid]) => oid)];
}

/**
 * Returns SQL for the objects and all their direct and indirect dependents.
 * @param roots SQL that returns `catalog` and `oid`
 * @param step SQL for the objects that follow from one object f, or its column `sub`, found in pg_depend d
 * @param columns columns of the result: also `sub` if columns count as objects
 */
function closure(roots: string, step: string, columns = 'catalog, oid'): string {
  return `WITH RECURSIVE found (catalog, oid, sub) AS (
      SELECT r.catalog::oid, r.oid::oid, 0 FROM (${roots}) AS r (catalog, oid)
    UNION
      SELECT next.catalog, next.oid, next.sub FROM found f CROSS JOIN LATERAL (${step}) AS next (catalog, oid, sub)
  ) SELECT DISTINCT ${columns} FROM found`;
}

/** Finds parts of an object that are dropped with it: pg_depend's automatic and internal dependencies. */
const PARTS = `SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend d WHERE d.refclassid = f.catalog AND d.refobjid = f.oid AND f.sub IN (0, d.refobjsubid) AND d.deptype IN ('a', 'i', 'P', 'S')`;

/* A view depends on a table by its rule, an internal part of the view: dropping the part drops the whole. */
const DEPENDENTS = `SELECT d.classid, d.objid, d.objsubid FROM pg_catalog.pg_depend d WHERE d.refclassid = f.catalog AND d.refobjid = f.oid AND f.sub IN (0, d.refobjsubid)
        UNION ALL SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d WHERE d.classid = f.catalog AND d.objid = f.oid AND f.sub IN (0, d.objsubid) AND d.deptype = 'i'`;

const ROOTS = 'SELECT * FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::oid[]))';

/** Returns the objects and all their parts. */
export async function partsOf(client: pg.Client, roots: readonly ObjectId[]): Promise<ObjectSet> {
  return query(client, closure(ROOTS, PARTS), roots);
}

/** Returns the objects and everything that `DROP … CASCADE` would drop with them. */
export async function dependentsOf(client: pg.Client, roots: readonly ObjectId[]): Promise<ObjectSet> {
  return query(client, closure(ROOTS, DEPENDENTS), roots);
}

/** SQL for the objects, given as `columnsOf`, and their dependents. A dependent column counts as itself. */
export const DEPENDENTS_AND_COLUMNS = closure(ROOTS, DEPENDENTS, 'catalog, oid, sub');

/**
 * Returns a statement that fails unless exactly these objects depend on the tables. It protects newer
 * objects, which would be dropped without a way back.
 */
export function expectDependents(tables: readonly number[], expected: number): string {
  const roots = `SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, t FROM pg_catalog.unnest(ARRAY[${tables.join(', ')}]::pg_catalog.oid[]) t`;
  return `DO $geolens$ BEGIN
  IF (SELECT pg_catalog.count(*) FROM (${closure(roots, DEPENDENTS)}) AS now) <> ${expected} THEN
    RAISE EXCEPTION 'something that depends on the tables was made or dropped meanwhile; nothing was changed';
  END IF;
END $geolens$;`;
}

async function query(client: pg.Client, sql: string, roots: readonly ObjectId[]): Promise<ObjectSet> {
  const { rows } = await client.query<{ catalog: string; oid: string }>(sql, [
    roots.map(({ catalog }) => catalog),
    roots.map(({ oid }) => oid),
  ]);
  return new Set(rows.map(({ catalog, oid }) => keyOf({ catalog: Number(catalog), oid: Number(oid) })));
}

/*
 * Finds defaults and checks in the statement of their table or domain, for which a dump has no entry. They
 * are lost if an object that they need is dropped (a sequence, a function), while the table itself stays.
 */
const STATEMENTS = `
  SELECT pg_catalog.format('ALTER TABLE ONLY %s ALTER COLUMN %I SET DEFAULT %s;', a.adrelid::pg_catalog.regclass, t.attname, pg_catalog.pg_get_expr(a.adbin, a.adrelid)) AS statement, pg_catalog.concat(a.tableoid, '/', a.oid) AS key
    FROM pg_catalog.pg_attrdef a JOIN pg_catalog.pg_attribute t ON t.attrelid = a.adrelid AND t.attnum = a.adnum AND t.attgenerated = ''
   WHERE (a.tableoid, a.oid) IN (SELECT * FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::oid[])))
  UNION ALL
  SELECT CASE c.contypid WHEN 0 THEN pg_catalog.format('ALTER TABLE %s', c.conrelid::pg_catalog.regclass) ELSE pg_catalog.format('ALTER DOMAIN %s', c.contypid::pg_catalog.regtype) END
         || pg_catalog.format(' ADD CONSTRAINT %I %s;', c.conname, pg_catalog.pg_get_constraintdef(c.oid)), pg_catalog.concat(c.tableoid, '/', c.oid)
    FROM pg_catalog.pg_constraint c
   WHERE c.contype = 'c' AND c.coninhcount = 0 AND (c.tableoid, c.oid) IN (SELECT * FROM ROWS FROM (pg_catalog.unnest($1::oid[]), pg_catalog.unnest($2::oid[])))
   ORDER BY 1`;

interface InlinePart {
  readonly key: string;
  /** SQL that creates the part again. */
  readonly statement: string;
}

/**
 * Returns the inline parts among the objects; the dump's table of contents has the others. The session's
 * search_path must be empty.
 */
export async function inlinePartsOf(
  client: pg.Client,
  objects: ObjectSet,
  { entries }: Toc,
): Promise<readonly InlinePart[]> {
  const listed = new Set(entries.map(keyOf));
  const inline = [...objects].filter((key) => !listed.has(key));
  return (await client.query<InlinePart>(STATEMENTS, columnsOf(inline))).rows;
}
