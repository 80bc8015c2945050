import type pg from 'pg';
import { codeOf } from './postgres-errors.ts';
import { decodeBytes, escapeForeignBytes } from './byte-text.ts';
import { serverEncodingOf } from './connection.ts';
import { inSavepoint, valueOf } from './queries.ts';

/** SQLSTATEs `untranslatable_character` and `character_not_in_repertoire`. */
const NOT_TRANSLATABLE = ['22P05', '22021'];

/** Stands for bytes that pg could not read. */
const REPLACEMENT = '\ufffd';

/**
 * Returns the rows of a query whose texts may have bytes that are not UTF-8. A SQL_ASCII database may have
 * any bytes. Others may have characters that UTF-8 lacks, and role names from a SQL_ASCII database. Such
 * bytes become lone surrogates; see `decodeBytes`.
 * @param columns the columns that may have such texts
 */
export async function textRows<Row extends pg.QueryResultRow>(
  client: pg.Client,
  sql: string,
  columns: readonly (keyof Row & string)[],
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  const encoding = serverEncodingOf(client);
  try {
    const { rows } = await inSavepoint(client, () => client.query<Row>(sql, [...values]));
    if (!rows.some((row) => columns.some((column) => String(row[column]).includes(REPLACEMENT)))) return rows;
  } catch (error) {
    if (!isNotTranslatable(error)) throw error;
  }
  const stored = await storedRows<Row>(client, sql, columns, values, encoding);
  for (const row of stored) {
    for (const column of columns) {
      const bytes: unknown = row[column];
      if (Buffer.isBuffer(bytes))
        Object.assign(row, { [column]: decodeBytes(await inUtf8(client, bytes, encoding)) });
    }
  }
  return stored;
}

/** Returns the rows with the column bytes as the database stores them. */
async function storedRows<Row extends pg.QueryResultRow>(
  client: pg.Client,
  sql: string,
  columns: readonly string[],
  values: readonly unknown[],
  encoding: string,
): Promise<readonly Row[]> {
  const stored = columns.map(
    (column) => `, pg_catalog.textsend(q."${column}"::pg_catalog.text) AS "${column}"`,
  );
  await client.query(`SET client_encoding = '${encoding}'`); // then the server translates nothing
  try {
    // pg keeps the last one of columns with the same name.
    return (await client.query<Row>(`SELECT q.*${stored.join('')} FROM (${sql}) AS q`, [...values])).rows;
  } finally {
    if (encoding !== 'SQL_ASCII' && encoding !== 'UTF8') await client.query(`SET client_encoding = 'UTF8'`);
  }
}

/** Returns a warning about a statement that `textRows` or `inUtf8` could not translate. */
export function untranslatable(statement: string): string {
  return `the globals lack a statement with characters that UTF-8 lacks: ${escapeForeignBytes(statement)}`;
}

/** Converts bytes of a database to UTF-8. Keeps them in SQL_ASCII, or if UTF-8 lacks a character. */
export async function inUtf8(client: pg.Client, bytes: Buffer, encoding: string): Promise<Buffer> {
  if (encoding === 'SQL_ASCII' || encoding === 'UTF8') return bytes;
  try {
    const sql = `SELECT pg_catalog.convert_to(pg_catalog.convert_from($1, '${encoding}'), 'UTF8')`;
    return await inSavepoint(client, () => valueOf<Buffer>(client, sql, [bytes]));
  } catch (error) {
    if (!isNotTranslatable(error)) throw error;
    return bytes;
  }
}

function isNotTranslatable(error: unknown): boolean {
  return NOT_TRANSLATABLE.includes(codeOf(error) ?? '');
}
