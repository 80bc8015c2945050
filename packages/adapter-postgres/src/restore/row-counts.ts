import type pg from 'pg';
import { BackupError, type Restored, type TableRows } from '@geolens/backup-core';
import { textRows } from '../connection/text-rows.ts';
import { endWithoutValues } from '../connection/program-messages.ts';
import { CopyLines } from '../dump/copy-lines.ts';
import { relations, type Relation } from '../dump/dumped-tables.ts';
import { copyEncodingOf, copyOut } from './psql.ts';
import { tableProgress } from './report-progress.ts';
import type { SessionParts } from './session-parts.ts';

interface CountedTable extends Relation {
  /** Column list to copy of each row, with parentheses; empty if all columns are generated. */
  readonly column: string;
  /** Whether policies hide rows from its owner too. */
  readonly isForced: boolean;
}

/** Finds the shortest column of each table, of a built-in type if possible. COPY rejects generated ones. */
const COLUMNS = `
  SELECT DISTINCT ON (a.attrelid) a.attrelid::pg_catalog.text AS oid, pg_catalog.format('(%I)', a.attname) AS column, pg_catalog.pg_relation_size(a.attrelid) AS bytes,
         (SELECT c.relforcerowsecurity FROM pg_catalog.pg_class c WHERE c.oid = a.attrelid)::text AS forced
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
   WHERE a.attrelid = ANY ($1::pg_catalog.oid[]) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
   ORDER BY a.attrelid, t.typnamespace <> 'pg_catalog'::pg_catalog.regnamespace, t.typlen < 0, t.typlen, a.attnum`;

/**
 * Counts the current rows of the tables of a database, in several sessions.
 * @param only selects the tables to count; defaults to all
 */
export async function countRestored(
  parts: SessionParts,
  database: string,
  only?: (table: Relation) => boolean,
): Promise<Pick<Restored, 'rows' | 'extensionRows'>> {
  const { tables, encoding } = await parts.server.within(
    database,
    'listing the restored tables',
    async (client) => ({ tables: await listTables(client, only), encoding: copyEncodingOf(client) }),
  );
  const shares = Array.from({ length: Math.min(parts.sessions, tables.length) }, (_, share) =>
    tables.filter((__, index) => index % parts.sessions === share),
  );
  const onTable = tableProgress(parts.observer, 'count', tables.length);
  const counts = (
    await Promise.all(shares.map((share) => countShare(parts, database, share, { encoding, onTable })))
  ).flat();
  const named = (ofExtension: boolean): readonly TableRows[] =>
    counts
      .filter(({ table }) => table.ofExtension === ofExtension)
      .map(({ table: { schema, table }, rows }) => ({ schema, table, rows }))
      .sort(byName);
  return { rows: named(false), extensionRows: named(true) };
}

/** Lists the tables, largest first, so that no session runs long at the end. */
async function listTables(
  client: pg.Client,
  only: (table: Relation) => boolean = () => true,
): Promise<readonly CountedTable[]> {
  const tables = (await relations(client)).filter((table) => !table.partitioned && only(table));
  const rows = await textRows<{ oid: string; column: string; bytes: string; forced: string }>(
    client,
    COLUMNS,
    ['column'],
    [tables.map(({ oid }) => oid)],
  );
  const found = new Map(rows.map((row) => [row.oid, row]));
  const size = ({ oid }: Relation): number => Number(found.get(oid)?.bytes ?? 0);
  return tables
    .map((table) => ({
      ...table,
      column: found.get(table.oid)?.column ?? '',
      isForced: found.get(table.oid)?.forced === 'true',
    }))
    .sort((one, other) => size(other) - size(one));
}

async function countShare(
  parts: SessionParts,
  database: string,
  tables: readonly CountedTable[],
  { encoding, onTable }: { readonly encoding: string; readonly onTable: () => void },
): Promise<readonly { readonly table: CountedTable; readonly rows: number }[]> {
  const copies = tables.map(({ quoted, column, isForced }) => {
    const copy = `COPY ${quoted} ${column} TO STDOUT;\n\\echo '\\\\.'\n`;
    if (!isForced || parts.server.superuser) return copy;
    return `BEGIN;\nALTER TABLE ${quoted} NO FORCE ROW LEVEL SECURITY;\n${copy}ROLLBACK;\n`;
  });
  const counts: number[] = [];
  let lines = new CopyLines();
  const onOutput = (chunk: Uint8Array): void => {
    for (let at = 0; at < chunk.length; ) {
      const end = lines.read(chunk as Buffer, at);
      if (end === undefined) return;
      at = end;
      counts.push(lines.rows);
      onTable();
      lines = new CopyLines();
    }
  };
  const end = await copyOut(parts, database, copies, { encoding, onOutput });
  const counted = tables.flatMap((table, index) => {
    const rows = counts[index];
    return rows === undefined ? [] : [{ table, rows }];
  });
  if (end.code !== 0 || counts.length !== tables.length)
    throw new BackupError(
      'RESTORE_FAILED',
      `counting the restored rows failed: ${endWithoutValues('psql', end)}`,
    );
  return counted;
}

function byName(one: TableRows, other: TableRows): number {
  const [a, b] = [JSON.stringify([one.schema, one.table]), JSON.stringify([other.schema, other.table])];
  return a < b ? -1 : a > b ? 1 : 0;
}
