import type pg from 'pg';
import type { DiagnosticResult } from '@geolens/backup-core/internal';
import { valuesOf } from '../connection/queries.ts';
import { namesOf, quoteIdentifier, SHOWN } from '../connection/identifiers.ts';

interface Right {
  readonly subject: string;
  /** Returns the column `name`, quoted for SQL, of each object that would fail pg_dump. */
  readonly query: string;
  readonly message: (names: string, count: number) => string;
  readonly hint: (names: readonly string[], role: string) => string;
}

const OURS = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";
/** Condition for dumped rows: extensions mark the tables whose rows are dumped. */
const DUMPED = `NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e'
                             AND c.oid <> ALL (SELECT pg_catalog.unnest(x.extconfig) FROM pg_catalog.pg_extension x WHERE x.extconfig IS NOT NULL))`;
const relations = (kinds: string, lacking: string): string => `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN (${kinds}) AND c.relpersistence <> 't' AND ${OURS} AND ${DUMPED} AND ${lacking} ORDER BY 1`;

const READ_ALL = (role: string): string => `or let it read everything: GRANT pg_read_all_data TO ${role}`;

const RIGHTS: readonly Right[] = [
  {
    subject: 'rights: schemas',
    query: `SELECT pg_catalog.format('%I', n.nspname) AS name FROM pg_catalog.pg_namespace n
             WHERE ${OURS} AND NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
               AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'S')) ORDER BY 1`,
    message: (names) => `the role may not use the schemas ${names}`,
    hint: (names, role) => `GRANT USAGE ON SCHEMA ${names.join(', ')} TO ${role}, ${READ_ALL(role)}`,
  },
  {
    subject: 'rights: tables',
    query: relations("'r', 'p'", "NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')"),
    message: (names, count) => `the role may not read ${count} of the tables: ${names}`,
    hint: (names, role) => `GRANT SELECT ON ${names.join(', ')} TO ${role}, ${READ_ALL(role)}`,
  },
  {
    subject: 'rights: sequences',
    query: relations("'S'", "NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')"),
    message: (names, count) => `the role may not read ${count} of the sequences: ${names}`,
    hint: (names, role) => `GRANT SELECT ON SEQUENCE ${names.join(', ')} TO ${role}, ${READ_ALL(role)}`,
  },
  {
    subject: 'rights: row security',
    query: relations("'r', 'p'", 'c.relrowsecurity AND pg_catalog.row_security_active(c.oid)'),
    message: (names) => `row-level security hides rows from the role, which pg_dump refuses: ${names}`,
    hint: (_, role) =>
      `ALTER ROLE ${role} BYPASSRLS (as a superuser), or back up as the owner of these tables`,
  },
  {
    subject: 'rights: large objects',
    query: `SELECT l.oid::text AS name FROM pg_catalog.pg_largeobject_metadata l
             WHERE pg_catalog.current_setting('lo_compat_privileges') <> 'on' AND NOT pg_catalog.pg_has_role(l.lomowner, 'USAGE')
               AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(l.lomacl) a
                                WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_catalog.pg_has_role(a.grantee, 'USAGE'))) ORDER BY l.oid`,
    message: (names, count) => `the role may not read ${count} of the large objects: ${names}`,
    hint: (names, role) =>
      `GRANT SELECT ON LARGE OBJECT ${names.join(', ')} TO ${role}, or back up as their owner`,
  },
];

/** Returns one result for each kind of right whose absence would fail a dump by this role. */
export async function missingRights(client: pg.Client, user: string): Promise<readonly DiagnosticResult[]> {
  const results: DiagnosticResult[] = [];
  for (const { subject, query, message, hint } of RIGHTS) {
    const names = await valuesOf(client, query);
    if (names.length === 0) results.push({ subject, level: 'ok', message: 'nothing is missing' });
    else
      results.push({
        subject,
        level: 'fail',
        message: message(namesOf(names), names.length),
        hint: hint(names.slice(0, SHOWN), quoteIdentifier(user)),
      });
  }
  return results;
}
