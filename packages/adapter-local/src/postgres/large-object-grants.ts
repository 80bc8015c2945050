import type pg from 'pg';

/** Grants on large objects: a schema-only dump has neither these nor their grants. */
const STATEMENTS = `
  SELECT pg_catalog.format('GRANT %s ON LARGE OBJECT %s TO %s%s;', a.privilege_type, l.oid,
           CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
           CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END) AS statement
    FROM pg_catalog.pg_largeobject_metadata l, pg_catalog.aclexplode(l.lomacl) a
   WHERE a.grantee <> l.lomowner
   ORDER BY l.oid, 1`;

/** The grants as SQL, one statement a line; nothing when there are none. */
export async function largeObjectGrantsOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ statement: string }>(STATEMENTS);
  return rows.map(({ statement }) => `${statement}\n`).join('');
}
