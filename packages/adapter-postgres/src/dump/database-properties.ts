import type pg from 'pg';
import type { DatabaseProperties } from '@geolens/backup-core';

/* The columns of the locale differ from version to version; as JSON, one that is not there is null. */
const PROPERTIES = `
  SELECT pg_catalog.pg_get_userbyid(d.datdba) AS owner, pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
         CASE j.json ->> 'datlocprovider' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END AS "localeProvider",
         coalesce(j.json ->> 'datlocale', j.json ->> 'daticulocale') AS locale
    FROM pg_catalog.pg_database d, pg_catalog.to_jsonb(d) AS j (json) WHERE d.datname = $1`;

/**
 * What the manifest says of a database itself; undefined when there is none of this name. Any database of the
 * server will do to ask.
 */
export async function databasePropertiesOf(
  client: pg.Client,
  database: string,
): Promise<DatabaseProperties | undefined> {
  const { rows } = await client.query<DatabaseProperties>(PROPERTIES, [database]);
  if (rows[0] === undefined) return undefined;
  const { owner, encoding, collate, ctype, localeProvider, locale } = rows[0];
  return {
    owner,
    encoding,
    collate,
    ctype,
    ...(localeProvider != null && { localeProvider }),
    ...(locale != null && { locale }),
  };
}
