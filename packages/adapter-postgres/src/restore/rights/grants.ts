import { BackupError } from '@geolens/backup-core';
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

/** One right that somebody is to have. */
interface Right {
  readonly kind: string;
  readonly object: string;
  /** Of a right on a column: its name. */
  readonly column: string | null;
  readonly privilege: string;
  readonly grantee: string;
}

/** What to tell of a right that is missing. */
const SHOWN = 5;

/** SQLSTATEs of the warnings for a GRANT or REVOKE by a role that lacks the grant options. */
export const NOT_DONE = ['01007', '01006'];

/** Returns the warnings of the server about grants that it did not make. */
export function notGranted(said: readonly Said[]): readonly string[] {
  return said.filter(({ state }) => NOT_DONE.includes(state)).map(({ message }) => message);
}

/** Privileges of a section of grants, and those of them that are missing, one sentence each. */
export interface MissingGrants {
  readonly total: number;
  readonly list: readonly string[];
}

/** Asks the server which of the privileges in these statements do not exist. */
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
 * Fails if the server did not make all grants.
 * @throws BackupError RESTORE_FAILED with those that it did not make
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
 * The rights that the statements give, one for each privilege; what belongs to functions and the like the
 * server's own words have to do for, and names with bytes that cannot be sent as parameters.
 */
export function rightsIn(grants: readonly string[]): readonly Right[] {
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
