import { quoteIdentifier } from '../connection/identifiers.ts';
import { execute } from './execute.ts';
import type { OwnerLogins } from './owner-logins.ts';
import type { Server } from './server.ts';

/**
 * Tables of superusers that lead to code of other roles: to their functions, operators and types, directly or
 * by types, defaults and constraints. $1 names the roles.
 */
const LEADING_TO_OTHERS = `
  WITH RECURSIVE others AS (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = ANY ($1)),
  reached (root, classid, objid) AS (
      SELECT c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass::oid, c.oid
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_roles o ON o.oid = c.relowner
       WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND (o.rolsuper OR o.rolname = 'pg_database_owner')
         AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
    UNION
      SELECT r.root, next.classid, next.objid
        FROM reached r CROSS JOIN LATERAL (
          SELECT d.refclassid, d.refobjid FROM pg_catalog.pg_depend d
           WHERE d.classid = r.classid AND d.objid = r.objid AND d.deptype <> 'e' AND d.refclassid <> 'pg_catalog.pg_class'::pg_catalog.regclass
          UNION ALL
          SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
           WHERE d.refclassid = r.classid AND d.refobjid = r.objid AND d.deptype IN ('a', 'i')
             AND d.classid IN ('pg_catalog.pg_attrdef'::pg_catalog.regclass, 'pg_catalog.pg_constraint'::pg_catalog.regclass)
             AND r.classid IN ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass)) next (classid, objid))
  SELECT DISTINCT n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner
    FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.root JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relowner = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = 'pg_database_owner')
      OR EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE r.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = r.objid AND p.proowner IN (SELECT oid FROM others))
      OR EXISTS (SELECT FROM pg_catalog.pg_type t WHERE r.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = r.objid AND t.typowner IN (SELECT oid FROM others))
      OR EXISTS (SELECT FROM pg_catalog.pg_operator o WHERE r.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND o.oid = r.objid AND o.oprowner IN (SELECT oid FROM others))
   ORDER BY 1, 2`;

export interface LentTable {
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
}

export interface LentTables {
  readonly tables: readonly LentTable[];
  /** Gives them back to their owners. */
  giveBack(): Promise<void>;
}

/**
 * Lends tables of superusers that evaluate code of other roles to a role that may do nothing: that code would
 * run as the owner of the table.
 */
export async function lendTables(
  server: Server,
  database: string,
  unprivileged: ReadonlySet<string>,
  logins: OwnerLogins,
): Promise<LentTables> {
  const doing = 'lending tables of superusers';
  const tables = await server.within(database, doing, async (client) => {
    const { rows } = await client.query<LentTable>(LEADING_TO_OTHERS, [[...unprivileged]]);
    if (rows.length === 0) return rows;
    const to = await logins.neutral();
    await execute(
      client,
      rows.map((table) => ownerStatement(table, to)),
    );
    return rows;
  });
  return {
    tables,
    giveBack: () =>
      server.within(database, doing, async (client) => {
        await execute(
          client,
          tables.map((table) => ownerStatement(table, table.owner)),
        );
      }),
  };
}

function ownerStatement({ schema, name }: LentTable, owner: string): string {
  return `ALTER TABLE ${quoteIdentifier(schema)}.${quoteIdentifier(name)} OWNER TO ${quoteIdentifier(owner)}`;
}
