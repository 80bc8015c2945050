import type pg from 'pg';
import { quoteIdentifier } from '../connection/identifiers.ts';
import { oneRow } from '../connection/queries.ts';
import { asRestrictedRole, type RestoredDatabase } from './restricted-role.ts';

/** Name of the temporary object that holds a query while its rights are read. */
const NAME = 'inspected';

/** First version that analyses the body of an SQL procedure when it is created. */
const FIRST_WITH_BODIES = 140_000;

/** Search path of the superuser's sessions in this database, regardless of this session's settings. */
const SEARCH_PATH = `
  SELECT coalesce(
    (SELECT pg_catalog.substr(c.setting, pg_catalog.length('search_path=') + 1)
       FROM pg_catalog.pg_db_role_setting s
       JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database() AND s.setdatabase IN (0, d.oid)
       JOIN pg_catalog.pg_roles r ON r.rolname = current_user AND s.setrole IN (0, r.oid)
      CROSS JOIN pg_catalog.unnest(s.setconfig) AS c (setting)
      WHERE pg_catalog.starts_with(c.setting, 'search_path=') ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1),
    (SELECT boot_val FROM pg_catalog.pg_settings WHERE name = 'search_path')) AS path,
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version`;

/** Makes all names of a query resolve. Grants no right to read or execute objects that are not public. */
const SCHEMAS = `
  SELECT pg_catalog.format('USAGE ON SCHEMA %I', nspname) AS "right" FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_'`;

/** Stands for bytes that pg could not read. Our queries cannot have such a name. */
const REPLACEMENT = '\ufffd';

/**
 * pg_depend has the objects that the query names; only our object can have this name and no arguments. A
 * view's own relations are read with the rights of the view's owner, except those of a `security_invoker`
 * view.
 */
const RIGHTS = `
  WITH RECURSIVE named (classid, objid, directly) AS (
    SELECT d.refclassid, d.refobjid, true FROM pg_catalog.pg_depend d
     WHERE ($1 AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid IN (
             SELECT p.oid FROM pg_catalog.pg_proc p WHERE p.proname = '${NAME}' AND p.pronargs = 0 AND p.pronamespace = pg_catalog.pg_my_temp_schema()))
        OR (NOT $1 AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid IN (
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
 * Runs the work in a read-only transaction, with the search path of the database. The role may read only what
 * the query names.
 * @throws the error of the server if the query is not a single statement that reads
 * @throws BackupError if the connection fails
 */
export async function asReaderOf<T>(
  database: RestoredDatabase,
  query: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { rows } = await database.superuser.query<Session>(SEARCH_PATH);
  const session = oneRow(rows);
  const rights = await rightsFor(database, query, session);
  return asRestrictedRole(database, rights, async (client) => {
    await client.query('BEGIN READ ONLY');
    await client.query(`SELECT pg_catalog.set_config('search_path', $1, true)`, [session.path]);
    return work(client);
  });
}

interface Session {
  readonly path: string;
  /** Version as a number, for example `170002`. */
  readonly version: number;
}

/**
 * Returns the rights that a query needs, in the form of `GRANT`. The server analyses the query but neither
 * plans nor runs it. Analysis may run domain checks for literals, so a role without rights does it.
 */
async function rightsFor(
  database: RestoredDatabase,
  query: string,
  { path, version }: Session,
): Promise<readonly string[]> {
  const { rows: schemas } = await database.superuser.query<{ right: string }>(SCHEMAS);
  const names = schemas.map(({ right }) => right).filter((right) => !right.includes(REPLACEMENT));
  const temporary = `TEMPORARY ON DATABASE ${quoteIdentifier(database.settings.database)}`;
  // A procedure, unlike a view, accepts columns of the same name.
  const isProcedure = version >= FIRST_WITH_BODIES;
  const text = isProcedure
    ? `CREATE PROCEDURE pg_temp.${NAME}() LANGUAGE sql BEGIN ATOMIC\n${query}\n; END`
    : `CREATE TEMPORARY VIEW ${NAME} AS ${query}`;
  return asRestrictedRole(database, [temporary, 'USAGE ON LANGUAGE sql', ...names], async (client) => {
    await client.query(
      `SELECT pg_catalog.set_config('search_path', $1, false), pg_catalog.set_config('check_function_bodies', 'off', false)`,
      [path],
    );
    await client.query({ text, values: [], queryMode: 'extended' } as pg.QueryConfig); // one statement only
    await client.query(`SELECT pg_catalog.set_config('search_path', '', false)`);
    const { rows } = await client.query<{ right: string }>(RIGHTS, [isProcedure]);
    return rows.map(({ right }) => right);
  });
}
