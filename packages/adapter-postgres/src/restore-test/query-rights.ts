import type pg from 'pg';
import { oneRow } from '../connection/one-row.ts';

/** Name of the temporary object that holds a query while its rights are looked up. */
const NAME = 'inspected';

/** The first version that analyses the body of an SQL procedure when it is created. */
const FIRST_WITH_BODIES = 140_000;

/**
 * The objects that the query names are in pg_depend. A view's own relations are read with the rights of the
 * view's owner, except those of a `security_invoker` view.
 */
const RIGHTS = `
  WITH RECURSIVE named (classid, objid, directly) AS (
    SELECT d.refclassid, d.refobjid, true FROM pg_catalog.pg_depend d
     WHERE (d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid IN (
             SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.proname = '${NAME}' AND p.pronamespace = pg_catalog.pg_my_temp_schema()))
        OR (d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid IN (
             SELECT r.oid FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class v ON v.oid = r.ev_class
              WHERE v.relname = '${NAME}' AND v.relnamespace = pg_catalog.pg_my_temp_schema()))
    UNION
    SELECT d.refclassid, d.refobjid, false FROM named
      JOIN pg_catalog.pg_class v ON named.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND v.oid = named.objid AND v.relkind = 'v'
      JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
     WHERE EXISTS (SELECT FROM pg_catalog.pg_options_to_table(v.reloptions) o WHERE o.option_name = 'security_invoker' AND o.option_value::pg_catalog.bool)
  ), objects (namespace, "right") AS (
    SELECT c.relnamespace, pg_catalog.format('SELECT ON TABLE %I.%I', n.nspname, c.relname)
      FROM named JOIN pg_catalog.pg_class c ON named.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = named.objid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION
    SELECT p.pronamespace, pg_catalog.format('EXECUTE ON ROUTINE %s', p.oid::pg_catalog.regprocedure)
      FROM named JOIN pg_catalog.pg_proc p ON directly AND named.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = named.objid
    UNION
    SELECT t.typnamespace, NULL FROM named JOIN pg_catalog.pg_type t ON named.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = named.objid
    UNION
    SELECT o.oprnamespace, NULL FROM named JOIN pg_catalog.pg_operator o ON named.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = named.objid
  )
  SELECT pg_catalog.format('USAGE ON SCHEMA %I', n.nspname) AS "right" FROM pg_catalog.pg_namespace n
   WHERE n.oid IN (SELECT namespace FROM objects) AND n.oid <> pg_catalog.pg_my_temp_schema()
  UNION SELECT "right" FROM objects WHERE "right" IS NOT NULL AND namespace <> pg_catalog.pg_my_temp_schema()`;

/**
 * Returns the rights that a query needs, as `GRANT` takes them. The server analyses the query and neither
 * plans nor runs it.
 * @throws the error of the server if the query is no single statement that reads
 */
export async function rightsFor(
  superuser: pg.Client,
  query: string,
  searchPath: string,
): Promise<readonly string[]> {
  const { rows: versions } = await superuser.query<{ number: number }>(
    `SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS number`,
  );
  // A procedure, unlike a view, takes columns of the same name.
  const text =
    oneRow(versions).number >= FIRST_WITH_BODIES
      ? `CREATE PROCEDURE pg_temp.${NAME}() LANGUAGE sql BEGIN ATOMIC\n${query}\n; END`
      : `CREATE TEMPORARY VIEW ${NAME} AS ${query}`;
  await superuser.query('BEGIN');
  try {
    await superuser.query(
      `SELECT pg_catalog.set_config('search_path', $1, true), pg_catalog.set_config('check_function_bodies', 'off', true)`,
      [searchPath],
    );
    await superuser.query({ text, values: [], queryMode: 'extended' } as pg.QueryConfig); // takes one statement only
    await superuser.query(`SELECT pg_catalog.set_config('search_path', '', true)`);
    const { rows } = await superuser.query<{ right: string }>(RIGHTS);
    return rows.map(({ right }) => right);
  } finally {
    await superuser.query('ROLLBACK');
  }
}
