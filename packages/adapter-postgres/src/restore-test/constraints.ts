import type pg from 'pg';
import { counted, type DiagnosticResults } from './results.ts';

const CONSTRAINTS = `
  SELECT pg_catalog.format('%I of %s', c.conname, CASE c.conrelid WHEN 0 THEN c.contypid::pg_catalog.regtype::text ELSE c.conrelid::pg_catalog.regclass::text END) AS name,
         c.convalidated AS valid
    FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
   WHERE c.contype IN ('c', 'f', 'p', 'u', 'x') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
                        AND (d.classid, d.objid) IN (('pg_catalog.pg_class'::pg_catalog.regclass, c.conrelid), ('pg_catalog.pg_type'::pg_catalog.regclass, c.contypid)))
   ORDER BY 1`;

/** The server has checked every constraint of the dump but those that were dumped as NOT VALID. */
export async function inspectConstraints(client: pg.Client): Promise<DiagnosticResults> {
  const { rows } = await client.query<{ name: string; valid: boolean }>(CONSTRAINTS);
  const valid = rows.filter((row) => row.valid).length;
  return {
    problems: [],
    warnings: rows
      .filter((row) => !row.valid)
      .map(({ name }) => `constraint ${name} is NOT VALID, as when it was dumped: nobody has checked it`),
    facts: valid === 0 ? [] : [counted(valid, 'constraint', 'constraints', 'valid')],
  };
}
