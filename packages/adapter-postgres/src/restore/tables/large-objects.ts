import { toBackupError, type Restored } from '@geolens/backup-core';
import { valuesOf } from '../../connection/queries.ts';
import type { RestoreJob, SessionParts } from '../session-parts.ts';
import { endWithoutValues } from '../../connection/program-messages.ts';
import { textRows } from '../../connection/text-rows.ts';
import { copyEncodingOf, copyOut, runSql } from '../psql.ts';
import { execute } from '../execute.ts';
import { withoutEventTriggers } from '../event-triggers.ts';
import { sqlOf, type DumpTools } from '../toc/schema-toc.ts';
import type { Toc } from '../toc/toc.ts';
import type { Table } from './relations.ts';

/**
 * Restores the large objects of the dump that rows of the tables name and the database lacks, all or none.
 * Then applies their owners and privileges. Existing large objects keep their content.
 */
export async function restoreLargeObjects(
  job: RestoreJob,
  { tables, tools }: { readonly tables: readonly Table[]; readonly tools: DumpTools },
): Promise<Pick<Restored, 'notes' | 'incomplete'>> {
  const {
    input: { dump },
    toc,
    globals,
  } = job;
  const inDump = largeObjectsIn(toc);
  if (inDump === undefined) return { notes: [], incomplete: [] };
  try {
    const missing = await missingOf(job, await namedIn(job, tables, inDump));
    const found = new Set<string>();
    if (missing.size > 0) {
      const entries = toc.entries.filter(({ kind }) => kind === 'BLOBS');
      const sql = contentOf(sqlOf(dump, entries, tools), missing, found);
      const { database, server, signal } = job;
      await runSql(sql, 'restoring them', { psql: tools.programs.psql, env: server.env(database), signal });
    }
    if (found.size === 0) return { notes: [], incomplete: [] };
    const statements = [...(globals?.owners ?? []), ...(globals?.grants ?? [])].filter((statement) =>
      found.has(SUBJECT.exec(statement)?.slice(1).join('') ?? ''),
    );
    await job.server.within(job.database, 'giving them their owners and privileges', (client) =>
      withoutEventTriggers(client, job.server, () => execute(client, statements)),
    );
    return { notes: [`restored ${found.size} large objects that rows of the tables name`], incomplete: [] };
  } catch (error) {
    job.signal.throwIfAborted();
    return {
      notes: [],
      incomplete: [`large objects that rows of the tables name: ${toBackupError(error).message}`],
    };
  }
}

/** Matches the large object of a statement of the globals. */
const SUBJECT = / ON LARGE OBJECT (\d+) |^ALTER LARGE OBJECT (\d+) /;

const KINDS = ['BLOB', 'BLOB METADATA'];

/** Matches one large object, or since PostgreSQL 17 the first and the last one of a group. */
const NAME = /^(\d+)(?:\.\.(\d+))?$/;

/** Returns a function that reports whether a dump may hold a large object; `undefined` if it holds none. */
function largeObjectsIn({ entries }: Toc): ((oid: number) => boolean) | undefined {
  const ranges = entries
    .filter(({ kind }) => KINDS.includes(kind))
    .flatMap(({ name }) => {
      const [, first, last = first] = NAME.exec(name) ?? [];
      return first === undefined ? [] : [[Number(first), Number(last)] as const];
    });
  if (ranges.length === 0) return undefined;
  const single = new Set(ranges.filter(([first, last]) => first === last).map(([first]) => first));
  const groups = ranges.filter(([first, last]) => first !== last);
  return (oid) => single.has(oid) || groups.some(([first, last]) => first <= oid && oid <= last);
}

/** Finds columns of OIDs, also in arrays and domains such as `lo`. COPY cannot read generated ones. */
const COLUMNS = `
  WITH RECURSIVE numbers (oid) AS (
    SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typname IN ('oid', '_oid') AND t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace
    UNION SELECT t.oid FROM numbers n JOIN pg_catalog.pg_type t ON t.typbasetype = n.oid AND t.typtype = 'd' OR t.typelem = n.oid AND t.typcategory = 'A'
  )
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted, pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ') AS columns
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = ANY ($1::pg_catalog.regclass[]) AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.atttypid IN (SELECT oid FROM numbers)
   GROUP BY n.nspname, c.relname`;

/** Returns the OIDs of large objects that rows name. */
async function namedIn(
  job: SessionParts,
  tables: readonly Table[],
  inDump: (oid: number) => boolean,
): Promise<ReadonlySet<number>> {
  const { server, database } = job;
  const named = new Set<number>();
  const { rows, encoding } = await server.within(
    database,
    'looking for columns that name large objects',
    async (client) => ({
      rows: await textRows<{ quoted: string; columns: string }>(
        client,
        COLUMNS,
        ['quoted', 'columns'],
        [tables.map(({ quoted }) => quoted)],
      ),
      encoding: copyEncodingOf(client),
    }),
  );
  if (rows.length === 0) return named;
  const copies = rows.map(({ quoted, columns }) => `COPY ${quoted} (${columns}) TO STDOUT;\n`);
  let rest = '';
  const onOutput = (chunk: Uint8Array): void => {
    const text = rest + Buffer.from(chunk).toString('latin1');
    const end = text.lastIndexOf('\n') + 1;
    rest = text.slice(end);
    for (const [number] of text.slice(0, end).matchAll(/\d+/g))
      if (inDump(Number(number))) named.add(Number(number));
  };
  const end = await copyOut(job, database, copies, { encoding, onOutput });
  if (end.code !== 0) throw new Error(endWithoutValues('psql', end));
  return named;
}

async function missingOf(
  { server, database }: SessionParts,
  named: ReadonlySet<number>,
): Promise<ReadonlySet<string>> {
  if (named.size === 0) return new Set();
  return server.within(database, 'looking for large objects', async (client) => {
    const missing = await valuesOf(
      client,
      `SELECT n.oid::pg_catalog.text FROM pg_catalog.unnest($1::pg_catalog.oid[]) n (oid) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata m WHERE m.oid = n.oid)`,
      [[...named]],
    );
    return new Set(missing);
  });
}

const OPEN = /^SELECT pg_catalog\.lo_open\('(\d+)', 131072\);$/;
const WRITE = /^SELECT pg_catalog\.lowrite\(0, '\\x[0-9a-f]*'\);$/;
const CLOSE = 'SELECT pg_catalog.lo_close(0);';

/**
 * Yields the statements that create the missing large objects in one transaction, from those that pg_restore
 * writes for all. Adds the OIDs that the dump has to `found`.
 */
async function* contentOf(
  sql: AsyncIterable<Uint8Array>,
  missing: ReadonlySet<string>,
  found: Set<string>,
): AsyncGenerator<Uint8Array> {
  yield Buffer.from('SET standard_conforming_strings = on;\nBEGIN;\n');
  let open = false;
  for await (const line of linesOf(sql)) {
    const oid = OPEN.exec(line)?.[1];
    if (oid !== undefined && missing.has(oid) && !found.has(oid)) {
      open = true;
      found.add(oid);
      yield Buffer.from(`SELECT pg_catalog.lo_create('${oid}');\n${line}\n`);
    } else if (open && (line === CLOSE || WRITE.test(line))) {
      yield Buffer.from(`${line}\n`);
      open = line !== CLOSE;
    }
  }
  yield Buffer.from('COMMIT;\n');
}

/** Yields the lines of a text whose characters each stand for one byte. */
async function* linesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of content) {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
