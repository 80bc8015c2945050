import type { RestoreJob, SessionParts } from './session-parts.ts';
import type { TocEntry } from './toc/toc.ts';
import { quoteIdentifier, quoteLiteral } from '../connection/identifiers.ts';
import { IN_UTF8, runSql } from './psql.ts';
import { EMPTY_SEARCH_PATH, restrictedSql, sqlOf } from './toc/schema-toc.ts';

/** Entries of a dump in the order of restoring. */
export interface Turns {
  readonly definitions: readonly TocEntry[];
  /** Rows of extension tables, in the order of the dump. */
  readonly extensionRows: readonly TocEntry[];
  readonly rest: readonly TocEntry[];
}

/** Returns the row entries of extension tables: the dump has no entry that creates such a table. */
export function extensionRowsIn(entries: readonly TocEntry[]): readonly TocEntry[] {
  const tables = new Set(
    entries.filter(({ kind }) => kind === 'TABLE' || kind === 'FOREIGN TABLE').map(({ oid }) => oid),
  );
  return entries.filter(({ kind, oid }) => kind === 'TABLE DATA' && !tables.has(oid));
}

/**
 * Splits the entries so that one session loads the rows of extension tables first. Their foreign keys exist
 * before the rows, and other rows may need them (coordinate systems, formats). `undefined` if one pg_restore
 * may do everything.
 */
export async function turnsOf(
  { server, sessions, input: { dump, manifest } }: RestoreJob,
  entries: readonly TocEntry[],
): Promise<Turns | undefined> {
  const extensionRows = extensionRowsIn(entries);
  const counted = manifest?.artifacts.find(({ kind }) => kind === 'dump')?.extensionRowCounts;
  if (extensionRows.length === 0 || counted?.every(({ rows }) => rows === 0) === true) return undefined;
  if (dump.path === undefined) return undefined; // each pg_restore would read all of it
  // With that level, rows loaded by the pg_restore that creates the table need no WAL.
  if (extensionRows.length === 1 && sessions > 1 && (await walLevel(server)) === 'minimal') return undefined;
  const definitions = entries.filter(({ section }) => section === 'pre-data');
  const turned = new Set([...definitions, ...extensionRows]);
  return { definitions, extensionRows, rest: entries.filter((entry) => !turned.has(entry)) };
}

async function walLevel(server: SessionParts['server']): Promise<string | undefined> {
  const sql = `SELECT pg_catalog.current_setting('wal_level')`;
  return (await server.values('asking for the WAL level', sql))[0];
}

/**
 * Loads rows of extension tables into a live database, in one transaction. An existing extension already has
 * rows: those that a dump includes are removed first.
 * @throws BackupError RESTORE_FAILED if loading fails; then the rows are unchanged
 */
export async function replaceExtensionRows(job: RestoreJob, entries: readonly TocEntry[]): Promise<void> {
  const {
    server,
    database,
    signal,
    input: { dump },
    programs,
  } = job;
  if (entries.length === 0) return;
  const script = async function* (): AsyncGenerator<Uint8Array> {
    const deletes = entries.toReversed().map(({ schema = '', name }) => deleteDumped(schema, name));
    yield Buffer.from([IN_UTF8, EMPTY_SEARCH_PATH, 'BEGIN;', ...deletes, ''].join('\n'));
    yield* restrictedSql(sqlOf(dump, entries, job));
    yield Buffer.from(`${IN_UTF8}\nCOMMIT;\n`);
  };
  await runSql(script(), 'replacing the rows of extension tables', {
    psql: programs.psql,
    env: server.env(database),
    signal,
  });
}

/** Deletes the dumped rows: the extension defines which rows of its table belong to a dump. */
function deleteDumped(schema: string, table: string): string {
  const name = quoteLiteral(`${quoteIdentifier(schema)}.${quoteIdentifier(table)}`);
  return `DO $geolens$ DECLARE condition text; BEGIN
  SELECT e.extcondition[i] INTO condition FROM pg_catalog.pg_extension e, pg_catalog.generate_subscripts(e.extconfig, 1) i
   WHERE e.extconfig[i] = pg_catalog.to_regclass(${name});
  IF FOUND THEN EXECUTE pg_catalog.format('DELETE FROM ONLY %s %s', pg_catalog.to_regclass(${name}), condition); END IF;
END $geolens$;`;
}
