import { BackupError } from '@geolens/backup-core';
import { attachmentsOf } from './attachments.ts';
import { dependentsOf, keyOf, partsOf, type ObjectSet } from './object-closure.ts';
import type { SessionParts } from './pg-restore-session.ts';
import { findTables, objectOf, PG_CLASS, type Table } from './relations.ts';
import { dumpSchema, sqlOf, type DumpTools } from './schema-toc.ts';
import { withoutOwner } from './toc.ts';
import { PUBLISHED, type WantedTables } from './wanted-tables.ts';

/** What the live database has of the tables now, and what has to be made again after them. */
export interface PresentTables {
  readonly tables: readonly Table[];
  /** How many objects depend on the tables, these included. */
  readonly dependents: number;
  /** The definitions of what is dropped with the tables and is not part of them. */
  readonly remade: AsyncIterable<Uint8Array>;
  /** Owners, rights and comments of the same. */
  readonly attachments: string;
  /** Owners and rights that the tables have now. */
  readonly own: string;
  readonly notes: readonly string[];
}

const POPULATED_VIEWS = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'm' AND c.relispopulated AND c.oid = ANY ($1) ORDER BY c.oid`;

/**
 * Looks at the tables as they are, and at what depends on them: foreign keys of other tables, views, functions of their row types.
 * @throws BackupError RESTORE_REFUSED when there are partitions or heirs that the backup does not have
 */
export async function presentTables({ server, database }: SessionParts, wanted: WantedTables, tools: DumpTools): Promise<PresentTables> {
  const { dump, toc } = await dumpSchema(database, tools);
  const roles = await server.roles();
  return server.within(database, 'looking at what depends on the tables', async (client) => {
    const tables = await findTables(client, wanted.tables, []);
    refuseUnknownHeirs(tables, wanted);
    const [all, own] = [await dependentsOf(client, tables.map(objectOf)), await partsOf(client, tables.map(objectOf))];
    const others = new Set([...all].filter((key) => !own.has(key) || key.startsWith(`${PUBLISHED}/`)));
    const entries = toc.entries.filter((entry) => others.has(keyOf(entry)));
    const views = await client.query<{ quoted: string }>(POPULATED_VIEWS, [oidsOf(others)]);
    const remade = async function* (): AsyncGenerator<Uint8Array> {
      yield* sqlOf(dump, entries, tools);
      for (const { quoted } of views.rows) yield Buffer.from(`REFRESH MATERIALIZED VIEW ${quoted};\n`);
    };
    return {
      tables,
      dependents: all.size,
      remade: remade(),
      attachments: await attachmentsOf(client, others),
      own: await attachmentsOf(client, own),
      notes: entries.length === 0 ? [] : [`made again as it was, for it depends on the tables: ${entries.map(({ text }) => withoutOwner(text, roles)).join(', ')}`],
    };
  });
}

function refuseUnknownHeirs(tables: readonly Table[], wanted: WantedTables): void {
  const unknown = tables.filter(({ quoted }) => !wanted.tables.some((table) => table.quoted === quoted));
  if (unknown.length === 0) return;
  const names = unknown.map(({ quoted }) => quoted).join(', ');
  throw new BackupError('RESTORE_REFUSED', `${names} inherits from a table that is to be restored, or is a partition of it, and is not in the backup; nothing was changed`, {
    mend: 'Detach it first (ALTER TABLE … DETACH PARTITION, or NO INHERIT), or restore the whole database',
  });
}

function oidsOf(objects: ObjectSet): readonly number[] {
  const prefix = `${PG_CLASS}/`;
  return [...objects].flatMap((key) => (key.startsWith(prefix) ? [Number(key.slice(prefix.length))] : []));
}
