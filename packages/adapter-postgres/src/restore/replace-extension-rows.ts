import type { RestoreInput } from '@geolens/backup-core';
import { quoteIdentifier, quoteLiteral } from '../connection/identifiers.ts';
import type { Preparation } from './prepare.ts';
import { IN_UTF8, runSql } from './psql.ts';
import type { SessionParts } from './session-parts.ts';
import { EMPTY_SEARCH_PATH, restrictedSql, sqlOf } from './toc/schema-toc.ts';
import type { TocEntry } from './toc/toc.ts';

/**
 * Loads rows of tables that extensions made into a live database, in one transaction. An extension that stays has
 * rows already: those that a dump would have are removed before.
 * @throws BackupError RESTORE_FAILED; the rows are as they were then
 */
export async function replaceExtensionRows(
  { server, database, signal }: SessionParts,
  { dump }: RestoreInput,
  { programs }: Preparation,
  entries: readonly TocEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const script = async function* (): AsyncGenerator<Uint8Array> {
    const deletes = entries.toReversed().map(({ schema = '', name }) => deleteDumped(schema, name));
    yield Buffer.from([IN_UTF8, EMPTY_SEARCH_PATH, 'BEGIN;', ...deletes, ''].join('\n'));
    yield* restrictedSql(sqlOf(dump, entries, { server, programs, signal, ownerArgs: ['--no-owner'] }));
    yield Buffer.from(`${IN_UTF8}\nCOMMIT;\n`);
  };
  await runSql(script(), 'replacing the rows of extension tables', {
    psql: programs.psql,
    env: server.env(database),
    signal,
  });
}

/** The extension states which rows of its table belong to a dump. */
function deleteDumped(schema: string, table: string): string {
  const name = quoteLiteral(`${quoteIdentifier(schema)}.${quoteIdentifier(table)}`);
  return `DO $geolens$ DECLARE condition text; BEGIN
  SELECT e.extcondition[i] INTO condition FROM pg_catalog.pg_extension e, pg_catalog.generate_subscripts(e.extconfig, 1) i
   WHERE e.extconfig[i] = pg_catalog.to_regclass(${name});
  IF FOUND THEN EXECUTE pg_catalog.format('DELETE FROM ONLY %s %s', pg_catalog.to_regclass(${name}), condition); END IF;
END $geolens$;`;
}
