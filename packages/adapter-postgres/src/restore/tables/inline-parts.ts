import type pg from 'pg';
import { columnsOf, keyOf, type ObjectSet } from './object-closure.ts';
import type { Toc } from '../toc/toc.ts';

/*
 * Defaults and checks that stand within the statement of their table or domain, where a dump has no entry for
 * them. They are lost when they hang on something that is dropped (a default on a sequence, a check on a
 * function), while the table itself stays.
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

export interface InlinePart {
  readonly key: string;
  /** SQL that makes the part again. */
  readonly statement: string;
}

/**
 * The inline parts among the objects; the others are in the dump's table of contents. The session's
 * search_path has to be empty.
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
