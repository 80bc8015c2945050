import { BackupError, type RestoreInput } from '@geolens/backup-core';
import { restoreErrorWithoutValues } from '../connection/program-messages.ts';
import { oneRow } from '../connection/one-row.ts';
import { runSql } from './psql.ts';
import type { SessionParts } from './session-parts.ts';
import type { Preparation } from './prepare.ts';
import type { Rights } from './rights/rights.ts';
import { dumpSchema, restrictedSql, sqlOf } from './toc/schema-toc.ts';
import type { TocEntry } from './toc/toc.ts';

/**
 * What pg_restore reports (LC_MESSAGES=C) when the body of a function finds no name that it uses without a
 * schema: pg_restore works with an empty search_path.
 */
const UNRESOLVED =
  /^could not execute query: ERROR: {2}(?:type|function|procedure|operator|relation|text search configuration|text search dictionary|collation|schema) .* does not exist/;

export function isUnresolvedName(error: string): boolean {
  return UNRESOLVED.test(error);
}

/** What a server without a setting of its own has. */
const DEFAULT_SEARCH_PATH = '"$user", public';

/**
 * What is repeated: PostgreSQL evaluates an index as the owner of its table. Rows are not: loading them
 * evaluates the indexes and checks that are there by then as the restoring role.
 */
const OF_INDEXES = /^(?:INDEX|INDEX ATTACH|COMMENT \S+ INDEX) /;

/** Rows, values and privileges: a dump of definitions has no such entries. */
const CONTENT = /^(?:TABLE DATA|SEQUENCE SET|BLOBS|BLOB|BLOB METADATA|LARGE OBJECT) /;

/** SQLSTATEs of what is there already. */
export const ALREADY_THERE = ['42710', '42P06', '42P07', '42723', '42P16'];

/** The search_path of the database that was backed up, or of the live one. */
export async function searchPathOf(
  { server, database }: SessionParts,
  rights: Rights | undefined,
): Promise<string> {
  const ofSet = rights?.globals.database.find(
    ({ setting, template }) => setting?.name === 'search_path' && template.startsWith('ALTER DATABASE '),
  );
  if (ofSet?.setting !== undefined) return ofSet.setting.value;
  const [live] = await server.ask<{ value: string }>(
    'asking for the search_path',
    `SELECT pg_catalog.substr(entry, pg_catalog.length('search_path=') + 1) AS value
       FROM pg_catalog.pg_database d JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0, pg_catalog.unnest(s.setconfig) entry
      WHERE d.datname = $1 AND pg_catalog.starts_with(entry, 'search_path=')`,
    [database],
  );
  return live?.value ?? DEFAULT_SEARCH_PATH;
}

export interface RetryRequest {
  readonly entries: readonly TocEntry[];
  readonly ownerArgs: readonly string[];
  readonly searchPath: string;
  /** The first that pg_restore reported. */
  readonly error: string;
  /** Takes what cannot be made; without it that is an error. */
  readonly onError?: ((error: string) => void) | undefined;
}

/** Functions and operators of the schemas that belong to a role which is no superuser. */
const OF_OTHERS = `
  SELECT EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_roles r ON r.oid = p.proowner WHERE NOT r.rolsuper AND p.pronamespace = ANY (here.schemas))
      OR EXISTS (SELECT FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_roles r ON r.oid = o.oprowner WHERE NOT r.rolsuper AND o.oprnamespace = ANY (here.schemas)) AS found
    FROM (SELECT ARRAY (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY (pg_catalog.current_schemas(false))) AS schemas) here`;

/** Whether roles that are no superusers have functions or operators in the schemas of a search_path. */
export async function hasCodeOfOthers(
  server: SessionParts['server'],
  database: string,
  searchPath: string,
): Promise<boolean> {
  return server.within(database, 'looking at the search_path', async (client) => {
    await client.query(`SELECT pg_catalog.set_config('search_path', $1, false)`, [searchPath]);
    return oneRow((await client.query<{ found: boolean }>(OF_OTHERS)).rows).found;
  });
}

/**
 * Makes the indexes that a database lacks, in the order of the dump, with the search_path that their
 * functions were written for.
 * @returns the entries that were repeated, without their owners
 * @throws BackupError RESTORE_FAILED if something else is lacking too, or an index cannot be made with that
 * search_path either
 */
export async function retryIndexes(
  { server, signal }: SessionParts,
  { dump }: RestoreInput,
  { programs }: Preparation,
  target: string,
  { entries, ownerArgs, searchPath, error, onError }: RetryRequest,
): Promise<readonly string[]> {
  const failed = (why: string): BackupError =>
    new BackupError('RESTORE_FAILED', `the dump could not be restored: ${why}`, {
      hint: 'The live database is as it was',
    });
  const tools = { server, programs, signal, ownerArgs };
  const present = new Set((await dumpSchema(target, tools)).toc.entries.map(({ label }) => label));
  const all = entries.filter(({ label, text }) => !CONTENT.test(text) && !present.has(label));
  const lacking = all.filter(({ text }) => OF_INDEXES.test(text));
  const others = all.filter((entry) => !lacking.includes(entry));
  const why = restoreErrorWithoutValues(error);
  if (others.length > 0 && onError === undefined) throw failed(why);
  for (const { text } of others) onError?.(`${why.replace(/ \(entry .*\)$/, '')} (entry ${text})`);
  const superusers = new Set(
    (
      await server.ask<{ name: string }>(
        'asking for superusers',
        'SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolsuper',
      )
    ).map(({ name }) => name),
  );
  const ofSuperuser = lacking.find(({ owner }) => superusers.has(owner));
  const hasOthers = await hasCodeOfOthers(server, target, searchPath);
  // Such a function could take the place of a built-in one, and would run as the owner of the table.
  if (ofSuperuser !== undefined && hasOthers) {
    const because = `${why} (${ofSuperuser.label} belongs to a superuser, and other roles have functions in the search_path ${searchPath})`;
    if (onError === undefined) throw failed(because);
    onError(because);
    return [];
  }
  const said = await runSql(
    restrictedSql(sqlOf(dump, lacking, tools), searchPath),
    'making indexes with the search_path of the database',
    { psql: programs.psql, env: server.env(target), signal, goOn: true },
  );
  const other = said.find(({ level, state }) => level === 'ERROR' && !ALREADY_THERE.includes(state));
  if (other !== undefined) {
    const again = `${other.message}, also with the search_path ${searchPath}`;
    if (onError === undefined) throw failed(again);
    onError(again);
  }
  return lacking.map(({ label }) => label);
}

/** What people should know of repeated entries. */
export function retryNotes(repeated: readonly string[], searchPath: string): readonly string[] {
  return repeated.length === 0
    ? []
    : [
        `made with the search_path of the database (${searchPath}), for their functions use names without a schema: ${repeated.join(', ')}`,
      ];
}
