import { BackupError, type RestoreInput } from '@geolens/backup-core';
import type pg from 'pg';
import { execute } from './execute.ts';
import { runSql } from './psql.ts';
import type { SessionParts } from './pg-restore-session.ts';
import type { Preparation } from './prepare.ts';
import type { Rights } from './rights/rights.ts';
import { countRestored } from './row-counts.ts';
import type { Server } from './server.ts';
import { dumpSchema, restrictedSql, sqlOf } from './toc/schema-toc.ts';
import { sanitized, withoutOwner, type TocEntry } from './toc/toc.ts';

/**
 * What pg_restore reports (LC_MESSAGES=C) when the body of a function finds no name that it uses without a schema: pg_restore works with an
 * empty search_path.
 */
const UNRESOLVED = /^(?:could not execute query|COPY failed for table ".*"): ERROR: {2}(?:type|function|procedure|operator|relation|text search configuration|text search dictionary|collation|schema) .* does not exist/;

export function isUnresolvedName(error: string): boolean {
  return UNRESOLVED.test(error);
}

/** What a server without a setting of its own has. */
const DEFAULT_SEARCH_PATH = '"$user", public';

/** Rows and values of sequences: a dump of definitions has no such entries. */
const CONTENT = /^(?:TABLE DATA|SEQUENCE SET|BLOBS|BLOB|BLOB METADATA|LARGE OBJECT) /;

const ROWS = 'TABLE DATA ';

/** SQLSTATEs of what is there already. */
const ALREADY_THERE = ['42710', '42P06', '42P07', '42723', '42P16'];

/** The search_path of the database that was backed up, or of the live one. */
export async function searchPathOf({ server, database }: SessionParts, rights: Rights | undefined): Promise<string> {
  const ofSet = rights?.globals.database.find(({ setting, template }) => setting?.name === 'search_path' && template.startsWith('ALTER DATABASE '));
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
}

/**
 * Restores once more the entries that a database lacks, in the order of the dump, with the search_path that its functions were written for:
 * objects that are not there, and the rows of tables that are empty. A table's rows are loaded all or none.
 * @returns what people should know
 * @throws BackupError RESTORE_FAILED if one cannot be restored with it either
 */
export async function retryEntries(parts: SessionParts, { dump }: RestoreInput, { programs }: Preparation, target: string, { entries, ownerArgs, searchPath }: RetryRequest): Promise<readonly string[]> {
  const { server, signal } = parts;
  const tools = { server, programs, signal, ownerArgs };
  const roles = await server.roles();
  const bare = ({ text }: TocEntry): string => withoutOwner(text, roles);
  const present = new Set((await dumpSchema(target, tools)).toc.entries.map(bare));
  const filled = new Set((await countRestored(parts, target)).rows.filter(({ rows }) => rows > 0).map(({ schema, table }) => sanitized(`${ROWS}${schema} ${table}`)));
  const lacking = entries.filter((entry) => !CONTENT.test(entry.text) && !present.has(bare(entry)));
  const retried = entries.filter((entry) => lacking.includes(entry) || (entry.text.startsWith(ROWS) && !filled.has(bare(entry))));
  const said = await server.within(target, 'keeping triggers quiet', (client) =>
    withoutTriggers(client, () => runSql(script(server, restrictedSql(sqlOf(dump, retried, tools), searchPath)), 'restoring with the search_path of the database', { psql: programs.psql, env: server.env(target), signal, goOn: true })),
  );
  const errors = said.filter(({ level, state }) => level === 'ERROR' && !ALREADY_THERE.includes(state));
  if (errors[0] !== undefined) {
    throw new BackupError('RESTORE_FAILED', `the dump could not be restored, also with the search_path ${searchPath}: ${errors[0].message}`, { mend: 'The live database is as it was' });
  }
  const names = retried.filter((entry) => lacking.includes(entry)).map(bare);
  return [`restored with the search_path of the database (${searchPath}), for their functions use names without a schema${names.length === 0 ? '' : `: ${names.join(', ')}`}`];
}

/** Foreign keys held where the rows come from; their tables may be filled in another order here. */
async function* script({ superuser }: Server, sql: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (superuser) yield Buffer.from('SET session_replication_role = replica;\n');
  yield* sql;
}

const TRIGGERS = `
  SELECT pg_catalog.format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::pg_catalog.regclass, t.tgname) AS off,
         pg_catalog.format('ALTER TABLE %s ENABLE %s TRIGGER %I', t.tgrelid::pg_catalog.regclass, CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, t.tgname) AS on
    FROM pg_catalog.pg_trigger t WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgparentid = 0`;

/** Rows of a dump fire no trigger: pg_restore makes triggers after it has loaded the rows. */
async function withoutTriggers<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  const { rows } = await client.query<{ off: string; on: string }>(TRIGGERS);
  await execute(client, rows.map(({ off }) => off));
  try {
    return await work();
  } finally {
    await execute(client, rows.map(({ on }) => on));
  }
}
