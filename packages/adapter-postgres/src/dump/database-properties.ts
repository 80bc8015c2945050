import type pg from 'pg';
import type { DatabaseProperties } from '@geolens/backup-core';
import { escapeForeignBytes } from '../connection/byte-text.ts';
import { textRows } from '../connection/text-rows.ts';

/* The columns of the locale differ from version to version; as JSON, one that is not there is null. */
const PROPERTIES = `
  SELECT pg_catalog.pg_get_userbyid(d.datdba) AS owner, pg_catalog.pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
         CASE j.json ->> 'datlocprovider' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END AS "localeProvider",
         coalesce(j.json ->> 'datlocale', j.json ->> 'daticulocale') AS locale
    FROM pg_catalog.pg_database d, pg_catalog.to_jsonb(d) AS j (json) WHERE d.datname = $1`;

type Row = DatabaseProperties & pg.QueryResultRow;

/**
 * What the manifest says of a database itself; undefined when there is none of this name. Any database of the
 * server will do to ask.
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
