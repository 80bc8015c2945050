import {
  BackupError,
  dumpOf,
  type Restored,
  type RestoreInput,
  type TableSelection,
} from '@geolens/backup-core';
import type { RestoreJob } from '../session-parts.ts';
import { DumpRowCounter } from '../../dump/dump-row-counter.ts';
import { actingRole } from './acting-role.ts';
import { REVOKE_HELPER, whereTheyFit } from './attachments.ts';
import { restoreLargeObjects } from './large-objects.ts';
import {
  disableEventTriggers,
  enableEventTriggers,
  eventTriggerSilence,
  type EventTriggerSilence,
} from '../event-triggers.ts';
import { expectDependents } from './object-closure.ts';
import { quoteIdentifier } from '../../connection/identifiers.ts';
import { OwnerLogins } from '../owner-logins.ts';
import { Owners } from '../owners.ts';
import { presentTables, type PresentTables } from './present-tables.ts';
import { IN_UTF8, runSql } from '../psql.ts';
import { withheldNotes } from '../complete-restore.ts';
import { hasCodeOfOthers, searchPathOf } from '../search-path.ts';
import { makeLackingRoles } from '../rights/rights.ts';
import { countRestored } from '../row-counts.ts';
import { EMPTY_SEARCH_PATH, restrictedSql, sqlOf, type DumpTools } from '../toc/schema-toc.ts';
import { tablespaceArguments } from '../tablespaces.ts';
import { isNamed, type TocEntry } from '../toc/toc.ts';
import { codeOf } from '../../connection/postgres-errors.ts';
import { gatherStatisticsOf } from '../statistics.ts';
import { NOT_FOUND } from '../view-content.ts';
import { wantedTables, type WantedTables } from './wanted-tables.ts';

const REPLACING = 'replacing the tables (nothing was changed)';

/**
 * Restores whole tables in one transaction. Drops the current tables, creates them from the dump, each with
 * its owner, and creates their dependents again.
 */
export async function restoreTables(job: RestoreJob, selection: TableSelection): Promise<Restored> {
  const { server, database, observer, globals } = job;
  const withheld = await makeLackingRoles(job);
  await using owners = await Owners.prepare(job);
  const live = { ...job, ownerArgs: owners.args };
  const tablespaces = await tablespaceArguments(server, job.toc);
  const tools = { ...live, ownerArgs: [...owners.args, ...tablespaces.args] };
  const wanted = await wantedTables(job, owners, selection);
  observer?.({ event: 'step', step: 'tables' });
  const present = await presentTables(job, wanted, live);
  const rights = wanted.rights ?? whereTheyFit(present.own);
  const searchPath = await searchPathOf(job, globals?.isOurs === true ? { globals, from: 'set' } : undefined);
  const replacing: Replacing = {
    wanted,
    present,
    rights,
    tools,
    role: await actingRole(job, wanted, present),
    needsSearchPath: wanted.needsSearchPath,
    searchPath,
  };
  await replaceTables(job, replacing).catch((error: unknown) => {
    // The server evaluates functions for rows, which the temporary database does not have.
    if (!isUnresolved(error) || replacing.needsSearchPath) throw error;
    return replaceTables(job, { ...replacing, needsSearchPath: true });
  });
  const own = wanted.tables.filter(({ foreign }) => !foreign);
  const largeObjects = await restoreLargeObjects(job, { tables: own, tools });
  await owners.handOver(database);
  const analyzed = await server.within(database, 'gathering statistics', (client) =>
    gatherStatisticsOf(
      own.map(({ quoted }) => quoted),
      client,
    ),
  );
  const names = new Set(own.map(({ quoted }) => quoted));
  const counts = await countRestored(job, database, ({ quoted }) => names.has(quoted));
  const { names: made, incomplete, restorable } = wanted.dependents;
  const again =
    made.length === 0 ? [] : [`restored with the tables, because it depends on them: ${made.join(', ')}`];
  return {
    ...counts,
    notes: [
      ...tablespaces.notes,
      ...present.notes,
      ...again,
      ...largeObjects.notes,
      ...owners.notes,
      ...analyzed,
    ],
    incomplete: [...wanted.notMade, ...withheldNotes(withheld), ...incomplete, ...largeObjects.incomplete],
    restorableDependents: restorable,
  };
}

function isUnresolved(error: unknown): boolean {
  return NOT_FOUND.includes(codeOf(error instanceof BackupError ? error.cause : undefined) ?? '');
}

/** Input for replacing the tables. */
interface Replacing {
  readonly wanted: WantedTables;
  readonly present: PresentTables;
  readonly rights: readonly string[];
  readonly tools: DumpTools;
  /** Role that replaces them. Defaults to the restoring role. */
  readonly role: string | undefined;
  /** Whether all entries, and not only indexes, need the search_path of the database. */
  readonly needsSearchPath: boolean;
  readonly searchPath: string;
}

async function replaceTables(job: RestoreJob, replacing: Replacing): Promise<void> {
  const { server, database, signal, programs } = job;
  const { role, needsSearchPath, searchPath } = replacing;
  if (role !== undefined) return replaceTablesAs(role, job, replacing);
  if (needsSearchPath && server.superuser && (await hasCodeOfOthers(server, database, searchPath)))
    throw new BackupError(
      'RESTORE_REFUSED',
      `the tables have functions that use names without a schema, and other roles have functions in the search_path ${searchPath}, which would run with the rights of the restoring role; nothing was changed`,
      {
        hint: 'Restore the whole database, or give the functions a search_path: ALTER FUNCTION … SET search_path',
      },
    );
  const silence = await server.within(database, 'listing event triggers', (client) =>
    eventTriggerSilence(client, server),
  );
  await runSql(script(job, replacing, silence), REPLACING, {
    psql: programs.psql,
    env: server.env(database),
    signal,
  });
}

/** Replaces tables as their owner, which may not disable event triggers: they are disabled first. */
async function replaceTablesAs(role: string, job: RestoreJob, replacing: Replacing): Promise<void> {
  const { server, database, signal, programs } = job;
  const unprivileged = new Set([role]);
  await using logins = new OwnerLogins({ ...job, target: database, unprivileged });
  const { credentials } = await logins.actingAs(role);
  await disableEventTriggers(server, database);
  try {
    const silence = { disable: [`SET LOCAL ROLE ${quoteIdentifier(role)};`], enable: [] };
    await runSql(script(job, replacing, silence), REPLACING, {
      psql: programs.psql,
      env: server.env(database, credentials),
      signal,
    });
  } finally {
    await server.within(database, 'enabling event triggers', (client) => enableEventTriggers(client, server));
  }
}

/**
 * Yields the SQL of the transaction. COMMIT comes only after everything before was written completely: a
 * broken stream changes nothing.
 */
async function* script(
  { input: { dump, manifest } }: RestoreJob,
  { wanted, present, rights, tools, needsSearchPath, searchPath }: Replacing,
  silence: EventTriggerSilence,
): AsyncGenerator<Uint8Array> {
  const text = (...lines: readonly string[]): Uint8Array =>
    Buffer.from(`${[IN_UTF8, ...lines].join('\n')}\n`);
  yield text(EMPTY_SEARCH_PATH, 'BEGIN;', 'SET LOCAL lock_timeout = 0;', ...silence.disable, REVOKE_HELPER);
  if (present.tables.length > 0) {
    const names = present.tables
      .filter(({ foreign }) => !foreign)
      .map(({ quoted }) => quoted)
      .join(', ');
    yield text(
      `LOCK TABLE ${names} IN ACCESS EXCLUSIVE MODE;`,
      expectDependents(
        present.tables.map(({ oid }) => oid),
        present.dependents,
      ),
    );
    yield text(
      'SET LOCAL client_min_messages = error;',
      `DROP TABLE ${names} CASCADE;`,
      'SET LOCAL client_min_messages = warning;',
    );
  }
  const counter = new DumpRowCounter();
  // A check may call a function with a row of the table, so it is created after the function.
  const isCheck = ({ kind }: TocEntry): boolean => kind === 'CHECK CONSTRAINT';
  const entries = wanted.entries.filter((entry) => !isCheck(entry));
  for await (const chunk of restrictedSql(
    sqlOf(dump, entries, tools),
    needsSearchPath ? searchPath : undefined,
  )) {
    counter.add(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    yield chunk;
  }
  expectRows(manifest, wanted, counter);
  yield* restrictedSql(sqlOf(dump, wanted.repeated, tools), searchPath);
  yield text(EMPTY_SEARCH_PATH);
  yield* present.remade();
  yield* restrictedSql(sqlOf(dump, wanted.entries.filter(isCheck), tools));
  const { dependents } = wanted;
  yield* restrictedSql(sqlOf(dump, dependents.entries, tools)); // these may use the objects before
  yield text(
    ...dependents.inline,
    ...rights,
    ...wanted.comments,
    ...present.attachments,
    ...present.refreshes,
  );
  yield* restrictedSql(sqlOf(dump, dependents.contents, tools));
  yield text(...silence.enable, 'COMMIT;');
}

/**
 * Compares the number of rows sent to the server with the manifest. The server accepts all rows of a table or
 * fails.
 * @throws BackupError RESTORE_FAILED if they differ
 */
function expectRows(
  manifest: RestoreInput['manifest'],
  { tables, entries }: WantedTables,
  { counts }: DumpRowCounter,
): void {
  const expected = (manifest && dumpOf(manifest)?.rowCounts) ?? [];
  for (const { schema, table, quoted } of tables) {
    const rows = expected.find((count) => count.schema === schema && count.table === table)?.rows;
    const entry = entries.find((one) => isNamed(one, 'TABLE DATA', schema, table));
    const found = counts.get(String(entry?.oid));
    if (rows !== undefined && found !== rows)
      throw new BackupError(
        'RESTORE_FAILED',
        `${quoted} has ${found ?? 'no'} rows in the dump, not the ${rows} that were backed up`,
      );
  }
}
