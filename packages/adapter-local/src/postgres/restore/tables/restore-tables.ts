import { dumpOf, type Restored, type RestoreInput, type TableSelection } from '@geolens/backup-core';
import { countRows } from '../../count-rows.ts';
import { REVOKE_HELPER, whereTheyFit } from './attachments.ts';
import { quoteLiteral } from '../../identifiers.ts';
import { expectDependents } from './object-closure.ts';
import type { SessionParts } from '../pg-restore-session.ts';
import type { Preparation } from '../prepare.ts';
import { presentTables, type PresentTables } from './present-tables.ts';
import { IN_UTF8, runSql } from '../psql.ts';
import { sqlOf, type DumpTools } from '../toc/schema-toc.ts';
import { gatherStatisticsOf } from '../statistics.ts';
import { wantedTables, type WantedTables } from './wanted-tables.ts';

/**
 * Brings back tables whole, in one transaction: what is there of them is dropped, they are made from the dump, and what depended on them
 * is made again as it was.
 */
export async function restoreTables(parts: SessionParts, input: RestoreInput, preparation: Preparation, selection: TableSelection): Promise<Restored> {
  const { server, database, signal, observer } = parts;
  const tools = { server, programs: preparation.programs, signal };
  const wanted = await wantedTables(parts, input, preparation, selection);
  observer?.({ event: 'step', step: 'tables' });
  const present = await presentTables(parts, wanted, tools);
  const rights = wanted.rights ?? whereTheyFit(present.own);
  await runSql(script(input, wanted, present, rights, tools), 'replacing the tables (nothing was changed)', { psql: preparation.programs.psql, env: server.env(database), signal });
  return server.within(database, 'counting the restored rows', async (client) => {
    const own = wanted.tables.filter(({ foreign }) => !foreign);
    const analyzed = await gatherStatisticsOf(own.map(({ quoted }) => quoted), client);
    await client.query('BEGIN');
    return { rows: await countRows(client, own.filter(({ partitioned }) => !partitioned)), notes: [...present.notes, ...analyzed] };
  });
}

/** The transaction. Its COMMIT comes only when everything before was written whole: a stream that breaks off leaves nothing. */
async function* script({ dump, manifest }: RestoreInput, wanted: WantedTables, present: PresentTables, rights: readonly string[], tools: DumpTools): AsyncGenerator<Uint8Array> {
  const text = (...lines: readonly string[]): Uint8Array => Buffer.from(`${[IN_UTF8, ...lines].join('\n')}\n`);
  yield text('BEGIN;', 'SET LOCAL lock_timeout = 0;', REVOKE_HELPER);
  if (present.tables.length > 0) {
    const names = present.tables.filter(({ foreign }) => !foreign).map(({ quoted }) => quoted).join(', ');
    yield text(`LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE;`, expectDependents(present.tables.map(({ oid }) => oid), present.dependents));
    yield text('SET LOCAL client_min_messages = error;', `DROP TABLE ${names} CASCADE;`, 'SET LOCAL client_min_messages = warning;');
  }
  yield* sqlOf(dump, wanted.entries, tools);
  yield* present.remade;
  yield text(...rights, ...wanted.comments, ...present.attachments);
  const counts = (manifest && dumpOf(manifest)?.rowCounts) ?? [];
  for (const { schema, table, quoted } of wanted.tables) {
    const expected = counts.find((count) => count.schema === schema && count.table === table)?.rows;
    if (expected !== undefined) yield text(expectRows(quoted, expected));
  }
  yield text('COMMIT;');
}

function expectRows(quoted: string, expected: number): string {
  const message = quoteLiteral(`${quoted.replaceAll('%', '%%')} does not have the ${expected} rows that were backed up`);
  return `DO $geolens_rows$ BEGIN IF (SELECT pg_catalog.count(*) FROM ONLY ${quoted}) <> ${expected} THEN RAISE EXCEPTION ${message}; END IF; END $geolens_rows$;`;
}
