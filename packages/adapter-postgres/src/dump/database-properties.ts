import type pg from 'pg';
import type { DatabaseProperties } from '@geolens/backup-core';
import { textRows } from '../connection/text-rows.ts';
import { dollarQuoted } from '../connection/sql-text.ts';
import { escapeForeignBytes } from '../connection/byte-text.ts';

/* The locale columns differ between versions; as JSON, a missing column is null. */
const PROPERTIES = `
  SELECT pg_catalog.pg_get_userbyid(d.datdba) AS owner, pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
         CASE j.json ->> 'datlocprovider' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END AS "localeProvider",
         coalesce(j.json ->> 'datlocale', j.json ->> 'daticulocale') AS locale
    FROM pg_catalog.pg_database d, pg_catalog.to_jsonb(d) AS j (json) WHERE d.datname = $1`;

type Row = DatabaseProperties & pg.QueryResultRow;

/**
 * Returns the properties of a database for the manifest; `undefined` if it does not exist. The client may be
 * connected to any database of the server.
 */
export async function databasePropertiesOf(
  client: pg.Client,
  database: string,
): Promise<DatabaseProperties | undefined> {
  const [row] = await textRows<Row>(client, PROPERTIES, ['owner'], [database]);
  if (row === undefined) return undefined;
  const { owner, encoding, collate, ctype, localeProvider, locale } = row;
  return {
    owner: escapeForeignBytes(owner),
    encoding,
    collate,
    ctype,
    ...(localeProvider != null && { localeProvider }),
    ...(locale != null && { locale }),
  };
}

/**
 * Number of the role that `initdb` creates. Its objects become owned by the restoring role, because the role
 * may have another name there.
 */
export const BOOTSTRAP_SUPERUSER = 10;

/**
 * Returns a SQL expression for the grantee of an ACL entry, as GRANT and REVOKE name it. `CURRENT_USER` is
 * the owner if that is the bootstrap superuser.
 */
function granteeOf(grantee: string, owner: string): string {
  return `CASE WHEN ${grantee} = 0 THEN 'PUBLIC' WHEN ${grantee} = ${owner} AND ${owner} = ${BOOTSTRAP_SUPERUSER} THEN 'CURRENT_USER'
    ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(${grantee})) END`;
}

/**
 * Returns a SQL condition: a stored ACL lacks the default privilege `d`, a row of aclexplode. NULL is the
 * default ACL, which lacks none.
 */
function isRevoked(acl: string): string {
  return `${acl} IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_catalog.aclexplode(${acl}) kept WHERE kept.grantee = d.grantee AND kept.privilege_type = d.privilege_type)`;
}

const OF_THE_SESSION = `'role', 'session_authorization'`;

/*
 * Each statement uses current_database(), so it also fits a database restored under another name. A setting
 * is copied from the session (FROM CURRENT), so the server reads its own text, with lists and quotes.
 * Exceptions are settings that would change the role of the session, because that role may lack rights for
 * later statements.
 */
const STATEMENTS = `
  WITH here AS (
    SELECT d.*, ${granteeOf('d.datdba', 'd.datdba')} AS owner FROM pg_catalog.pg_database d WHERE d.datname = $1
  ), grants AS (
    SELECT a.*, ${granteeOf('a.grantee', 'here.datdba')} AS who
      FROM here, pg_catalog.aclexplode(here.datacl) a WHERE a.grantee <> here.datdba OR a.is_grantable
  ), settings AS (
    SELECT pg_catalog.split_part(entry, '=', 1) AS name, pg_catalog.substr(entry, pg_catalog.strpos(entry, '=') + 1) AS value,
           CASE s.setrole WHEN 0 THEN 'DATABASE %1$I'
             ELSE pg_catalog.format('ROLE %s IN DATABASE %%1$I', pg_catalog.replace(
               pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(s.setrole)), '%', '%%')) END AS target
      FROM here JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = here.oid, pg_catalog.unnest(s.setconfig) entry
  )
  SELECT 0 AS rank, NULL AS setting, NULL AS value, pg_catalog.format('ALTER DATABASE %%1$I OWNER TO %s', pg_catalog.replace(
           pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(here.datdba)), '%', '%%')) AS template
    FROM here WHERE here.datdba <> ${BOOTSTRAP_SUPERUSER}
  UNION ALL
  SELECT 1, NULL, NULL, 'REVOKE ALL ON DATABASE %1$I FROM PUBLIC'
    FROM here WHERE here.datacl IS NOT NULL
  UNION ALL
  SELECT 1, NULL, NULL, pg_catalog.format('REVOKE %s ON DATABASE %%1$I FROM %s', d.privilege_type, pg_catalog.replace(here.owner, '%', '%%'))
    FROM here, pg_catalog.aclexplode(pg_catalog.acldefault('d', here.datdba)) d WHERE d.grantee = here.datdba AND ${isRevoked('here.datacl')}
  UNION ALL
  SELECT 2, NULL, NULL, pg_catalog.format('GRANT %s ON DATABASE %%1$I TO %s', privilege_type, pg_catalog.replace(who, '%', '%%'))
         || CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
    FROM grants
  UNION ALL
  SELECT 3, name, value, pg_catalog.format('ALTER %s SET %s FROM CURRENT', target,
           (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(part), '.') FROM pg_catalog.unnest(pg_catalog.string_to_array(name, '.')) part))
    FROM settings WHERE name NOT IN (${OF_THE_SESSION})
  UNION ALL
  SELECT 3, NULL, NULL, pg_catalog.format('ALTER %s SET %I TO %s', target, name, pg_catalog.replace(pg_catalog.quote_literal(value), '%', '%%'))
    FROM settings WHERE name IN (${OF_THE_SESSION})
  UNION ALL
  SELECT 4, NULL, NULL, pg_catalog.format('COMMENT ON DATABASE %%1$I IS %s', pg_catalog.replace(pg_catalog.quote_literal(c.description), '%', '%%'))
    FROM here JOIN pg_catalog.pg_shdescription c ON c.objoid = here.oid AND c.classoid = 'pg_catalog.pg_database'::pg_catalog.regclass
  UNION ALL
  SELECT 5, NULL, NULL, pg_catalog.format('ALTER DATABASE %%1$I CONNECTION LIMIT %s', here.datconnlimit) FROM here WHERE here.datconnlimit >= 0
  ORDER BY 1, 4`;

const GRANT_RANKS = [1, 2];

interface Property {
  readonly rank: number;
  readonly setting: string | null;
  readonly value: string | null;
  /** Template for format(), with the database name as its only argument. */
  readonly template: string;
}

/**
 * Returns SQL for the owner of a database, grants on it, its settings, comment and connection limit. The SQL
 * must run inside the target database. The client may be connected to any database of the server.
 */
export async function databaseStatementsOf(
  client: pg.Client,
  database: string,
  { withoutGrants = false }: { readonly withoutGrants?: boolean | undefined } = {},
): Promise<readonly string[]> {
  const found = await textRows<Property>(client, STATEMENTS, ['value', 'template'], [database]);
  const rows = withoutGrants ? found.filter(({ rank }) => !GRANT_RANKS.includes(rank)) : found;
  return rows.map((property) => statement(client, property));
}

function statement(client: pg.Client, { setting, value, template }: Property): string {
  const literal = (text: string): string => client.escapeLiteral(text);
  const before =
    setting === null || value === null
      ? ''
      : `PERFORM pg_catalog.set_config(${literal(setting)}, ${literal(value)}, true); `;
  const execute = `EXECUTE pg_catalog.format(${literal(template)}, pg_catalog.current_database());`;
  return `DO ${dollarQuoted(`BEGIN ${before}${execute} END`)};`;
}

/**
 * Privileges on large objects: a schema-only dump has neither the objects nor their privileges. By default,
 * the owner has all privileges and other roles have none.
 */
const LARGE_OBJECT_GRANTS = `
  SELECT l.oid, 1 AS rank, pg_catalog.format('REVOKE %s ON LARGE OBJECT %s FROM %s;', d.privilege_type, l.oid, ${granteeOf('l.lomowner', 'l.lomowner')}) AS statement
    FROM pg_catalog.pg_largeobject_metadata l, pg_catalog.aclexplode(pg_catalog.acldefault('L', l.lomowner)) d WHERE ${isRevoked('l.lomacl')}
  UNION ALL
  SELECT l.oid, 2, pg_catalog.format('GRANT %s ON LARGE OBJECT %s TO %s%s;', a.privilege_type, l.oid,
           ${granteeOf('a.grantee', 'l.lomowner')}, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
    FROM pg_catalog.pg_largeobject_metadata l, pg_catalog.aclexplode(l.lomacl) a
   WHERE a.grantee <> l.lomowner OR a.is_grantable
   ORDER BY oid, rank, statement`;

/** Returns the statements; none if all large objects have the default privileges. */
export async function largeObjectGrantsOf(client: pg.Client): Promise<readonly string[]> {
  const rows = await textRows<{ statement: string }>(client, LARGE_OBJECT_GRANTS, ['statement']);
  return rows.map(({ statement }) => statement);
}
