import { BackupError } from '@geolens/backup-core';
import type pg from 'pg';
import { hasForeignBytes } from '../../connection/byte-text.ts';
import { group, IDENTIFIER, unquoteIdentifier } from '../../connection/identifiers.ts';
import type { Said } from '../execute.ts';
import type { Server } from '../server.ts';

const ALL: Readonly<Record<string, readonly string[]>> = {
  TABLE: ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'],
  SEQUENCE: ['SELECT', 'USAGE', 'UPDATE'],
  SCHEMA: ['USAGE', 'CREATE'],
  TYPE: ['USAGE'],
};

const GRANT = new RegExp(
  `^GRANT (.+?) ON (${Object.keys(ALL).join('|')}) (${IDENTIFIER}(?:\\.${IDENTIFIER})?) TO (${IDENTIFIER})( WITH GRANT OPTION)?;$`,
  'su',
);

/** One privilege of a role. */
interface Right {
  readonly kind: string;
  readonly object: string;
  /** Name of the column, for a privilege on a column. */
  readonly column: string | null;
  readonly privilege: string;
  readonly grantee: string;
}

/** Maximum number of missing privileges in a message. */
const SHOWN = 5;

/** SQLSTATEs of the warnings for a GRANT or REVOKE by a role that lacks the grant options. */
export const NOT_DONE = ['01007', '01006'];

/** Returns the warnings of the server about grants that it did not make. */
export function notGranted(said: readonly Said[]): readonly string[] {
  return said.filter(({ state }) => NOT_DONE.includes(state)).map(({ message }) => message);
}

/** Number of privileges in a section of grants, and the missing ones, one sentence each. */
interface MissingGrants {
  readonly total: number;
  readonly list: readonly string[];
}

/** Returns which of the privileges in these statements are missing on the server. */
export async function missingGrants(
  server: Server,
  database: string,
  grants: readonly string[],
): Promise<MissingGrants> {
  const rights = rightsIn(grants);
  const missing = await server.within(database, 'asserting the grants', async (client) => {
    const columns = [
      rights.map(({ kind }) => kind),
      rights.map(({ object }) => object),
      rights.map(({ column }) => column),
      rights.map(({ privilege }) => privilege),
      rights.map(({ grantee }) => grantee),
    ];
    return (await client.query<Right>(MISSING, columns)).rows;
  });
  return {
    total: rights.length,
    list: missing.map(({ grantee, privilege, object }) => `${grantee} has no ${privilege} on ${object}`),
  };
}

/**
 * Checks that the server made all grants.
 * @throws BackupError RESTORE_FAILED if it did not; the message names them
 */
export function expectGranted(said: readonly Said[], { total, list }: MissingGrants): void {
  const refused = notGranted(said);
  if (refused.length > 0)
    throw new BackupError(
      'RESTORE_FAILED',
      `the server did not take over grants: ${refused.slice(0, SHOWN).join('; ')}`,
      { hint: 'Restore as a superuser, or as the owner of everything in the database' },
    );
  if (list.length > 0)
    throw new BackupError(
      'RESTORE_FAILED',
      `${list.length} of ${total} grants did not take effect: ${list.slice(0, SHOWN).join('; ')}`,
    );
}

const MISSING = `
  SELECT * FROM ROWS FROM (unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]))
             AS r (kind, object, "column", privilege, grantee)
   WHERE NOT CASE WHEN "column" IS NOT NULL THEN pg_catalog.has_column_privilege(grantee::name, object, "column", privilege)
     WHEN kind = 'SCHEMA' THEN pg_catalog.has_schema_privilege(grantee::name, (object::pg_catalog.regnamespace)::oid, privilege)
     WHEN kind = 'TYPE' THEN pg_catalog.has_type_privilege(grantee::name, object, privilege)
     WHEN kind = 'SEQUENCE' THEN pg_catalog.has_sequence_privilege(grantee::name, object, privilege)
     ELSE pg_catalog.has_table_privilege(grantee::name, object, privilege) END`;

/**
 * Returns the privileges of the statements, one entry each. Privileges on functions are checked through
 * server warnings only. So are names with bytes that cannot be sent as parameters.
 */
function rightsIn(grants: readonly string[]): readonly Right[] {
  return grants.flatMap((text) => {
    if (hasForeignBytes(text)) return [];
    const [, privileges, kind, object, grantee, option] = GRANT.exec(text) ?? [];
    if (privileges === undefined || kind === undefined || object === undefined || grantee === undefined)
      return [];
    const name = grantee === 'PUBLIC' ? 'public' : unquoteIdentifier(grantee);
    return privilegesIn(privileges, kind).map(({ privilege, column }) => ({
      kind,
      object,
      column,
      privilege: privilege + (option ?? ''),
      grantee: name,
    }));
  });
}

const PRIVILEGE = new RegExp(`([A-Z]+)(?:\\((${IDENTIFIER})\\))?(?:,\\s*|$)`, 'gu');

function privilegesIn(text: string, kind: string): readonly { privilege: string; column: string | null }[] {
  if (text === 'ALL') return (ALL[kind] ?? []).map((privilege) => ({ privilege, column: null }));
  return [...text.matchAll(PRIVILEGE)]
    .map((match) => ({
      privilege: group(match, 1),
      column: match[2] === undefined ? null : unquoteIdentifier(match[2]),
    }))
    .filter(({ privilege }) => privilege !== 'ALL' && privilege !== 'MAINTAIN');
}

const ENTRIES = `
  SELECT pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I', pg_catalog.pg_get_userbyid(d.defaclrole)) || coalesce(' IN SCHEMA ' || pg_catalog.quote_ident(n.nspname), '') AS head,
         CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS kind,
         d.defaclacl AS own,
         CASE d.defaclnamespace WHEN 0 THEN pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END::"char", d.defaclrole) END AS usual
    FROM pg_catalog.pg_default_acl d LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace`;

const grantee = `CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END`;

/** Returns SQL for the statements that change one list of privileges into another. */
const change = (from: string, to: string): string => `
  SELECT DISTINCT 1 AS rank, pg_catalog.format('%s REVOKE ALL ON %s FROM %s;', head, kind, ${grantee}) AS statement FROM entries, pg_catalog.aclexplode(${from}) a
  UNION ALL
  SELECT 2, pg_catalog.format('%s GRANT %s ON %s TO %s%s;', head, a.privilege_type, kind, ${grantee}, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM entries, pg_catalog.aclexplode(${to}) a ORDER BY 1, 2`;

/**
 * Returns statements that suspend and resume the default privileges of a database. Recreated objects must
 * have only the privileges of the backup.
 */
export async function defaultPrivilegesOf(
  client: pg.Client,
): Promise<{ readonly suspend: readonly string[]; readonly resume: readonly string[] }> {
  const sql = async (from: string, to: string): Promise<readonly string[]> => {
    const { rows } = await client.query<{ statement: string }>(
      `WITH entries AS (${ENTRIES}) ${change(from, to)}`,
    );
    return rows.map(({ statement }) => statement);
  };
  return { suspend: await sql('own', 'usual'), resume: await sql('usual', 'own') };
}
