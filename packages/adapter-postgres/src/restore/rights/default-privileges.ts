import type pg from 'pg';

export interface DefaultPrivileges {
  /** Statements after which new objects get what PostgreSQL gives by itself. */
  readonly suspend: readonly string[];
  /** Statements after which they get again what they got before. */
  readonly resume: readonly string[];
}

const ENTRIES = `
  SELECT pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I', pg_catalog.pg_get_userbyid(d.defaclrole)) || coalesce(' IN SCHEMA ' || pg_catalog.quote_ident(n.nspname), '') AS head,
         CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS kind,
         d.defaclacl AS own,
         CASE d.defaclnamespace WHEN 0 THEN pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END::"char", d.defaclrole) END AS usual
    FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace`;

const grantee = `CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END`;

/** From one list of rights to another. */
const change = (from: string, to: string): string => `
  SELECT DISTINCT 1 AS rank, pg_catalog.format('%s REVOKE ALL ON %s FROM %s;', head, kind, ${grantee}) AS statement FROM entries, pg_catalog.aclexplode(${from}) a
  UNION ALL
  SELECT 2, pg_catalog.format('%s GRANT %s ON %s TO %s%s;', head, a.privilege_type, kind, ${grantee}, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM entries, pg_catalog.aclexplode(${to}) a ORDER BY 1, 2`;

/**
 * What new objects of a database are given. Objects that are made anew by a restore are to have what the
 * backup says, and nothing else.
 */
export async function defaultPrivilegesOf(client: pg.Client): Promise<DefaultPrivileges> {
  const sql = async (from: string, to: string): Promise<readonly string[]> => {
    const { rows } = await client.query<{ statement: string }>(
      `WITH entries AS (${ENTRIES}) ${change(from, to)}`,
    );
    return rows.map(({ statement }) => statement);
  };
  return { suspend: await sql('own', 'usual'), resume: await sql('usual', 'own') };
}
