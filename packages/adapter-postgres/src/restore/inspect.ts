import type { Inspection, RestoreInput, RestoreMode } from '@geolens/backup-core';
import type { RestoreJob } from './session-parts.ts';
import { extensionsOf } from './toc/toc.ts';
import { megabytes, diskEstimate } from '../disk-estimate.ts';
import {
  AVAILABLE_EXTENSIONS,
  compareExtensions,
  ONE_DATABASE,
  type AvailableExtension,
} from './extensions.ts';
import { notInspected } from './swap-databases.ts';
import { logicalReplicationIn, logicalReplicationOf, subscriptionsTo } from './logical-replication.ts';
import { adviceInPlace, adviceOnSwap, adviceOnTables } from './logical-replication-advice.ts';
import { lackingRoles } from './rights/needed-roles.ts';
import { preloadedLibrariesOf, majorOf } from '../connection/queries.ts';
import { isWholeName, quoteIdentifier } from '../connection/identifiers.ts';
import type { Preparation } from './prepare.ts';
import type { Server } from './server.ts';
import { absentTablespaces } from './tablespaces.ts';
import { tablesMeant } from './toc/table-selection.ts';

const NOT_TO_BE_REPLACED = ['template0', 'template1'];

/** Inspects everything that could fail the restore midway. Changes nothing. */
export async function inspect(job: RestoreJob, mode: RestoreMode): Promise<Inspection> {
  const { server, database, input, toc, extensions } = job;
  const exists = await server.exists(database);
  const problems: string[] = [];
  const warnings: string[] = [];
  if (majorOf(toc.serverVersion) > server.major) {
    problems.push(
      `the dump is of PostgreSQL ${toc.serverVersion}, the server is ${server.version}: an older server may not understand it. Restore on PostgreSQL ${majorOf(toc.serverVersion)} or newer`,
    );
  }
  problems.push(...rightsMissing(server, mode));
  if (!isWholeName(database))
    problems.push(
      `"${database}" cannot be the name of a database: it has to have 1 to 63 bytes. Choose another name`,
    );
  if (NOT_TO_BE_REPLACED.includes(database))
    problems.push(`"${database}" belongs to the server itself. Choose another name`);
  if (mode.kind !== 'aside' && !exists)
    problems.push(
      `there is no database "${database}" on the server. Restore ${mode.kind === 'tables' ? 'the whole database' : 'aside'}, which makes it`,
    );
  if (mode.kind === 'aside' && exists) problems.push(...(await preparedTransactions(server, database)));
  const needed = [...extensionsOf(toc), ...extensions];
  await inspectExtensions(server, needed, input, { problems, warnings });
  if (mode.kind !== 'in-place') problems.push(...ofOneDatabase(needed, exists));
  warnings.push(...(await notPreloaded(server, input)));
  const absent = await absentTablespaces(server, toc);
  if (absent.length > 0)
    warnings.push(
      `the server does not have the tablespaces ${absent.join(', ')}: all objects would be in the default one of the database`,
    );
  const { missing, fatal, withheld } = await lackingRoles(server, job);
  problems.push(
    ...fatal.map(
      (role) =>
        `role ${quoteIdentifier(role)} is missing, and "${server.user}" may not make roles. Make it first, or restore as a superuser`,
    ),
  );
  if (missing.length > 0)
    warnings.push(
      `roles that are missing are made: ${missing.join(', ')}; none of them has a password, unless the backup has them`,
    );
  if (mode.kind === 'tables') problems.push(...tablesMeant(toc, mode).problems);
  const estimatedProblems = mode.kind === 'aside' ? [...(await diskShortage(server, input))] : [];
  estimatedProblems.push(...warningsOfGlobals(job));
  if (job.globals?.isIncomplete === true)
    warnings.push('its globals lack parts that could not be read when the backup was made; see the manifest');
  if (withheld.length > 0)
    warnings.push(
      `the set does not come from the volume, so roles are made without some of what it says: ${withheld.join('; ')}`,
    );
  return {
    problems,
    estimatedProblems,
    warnings,
    logicalReplication: await inspectReplication(job, mode),
    exists,
    liveRows: exists ? await estimatedRows(server, database) : undefined,
    serverVersion: server.version,
    dumpVersion: toc.serverVersion,
  };
}

/** Returns the rows by the statistics of the server. `undefined` if they cannot be read. */
async function estimatedRows(server: Server, database: string): Promise<number | undefined> {
  const sql = `SELECT pg_catalog.sum(n_live_tup) AS rows FROM pg_catalog.pg_stat_user_tables`;
  const rows = await server
    .within(database, 'estimating rows', async (client) => client.query<{ rows: string | null }>(sql))
    .catch(() => undefined);
  return rows === undefined ? undefined : Number(rows.rows[0]?.rows ?? 0);
}

async function inspectReplication(
  { server, database, toc }: RestoreJob,
  mode: RestoreMode,
): Promise<readonly string[]> {
  try {
    const live = await logicalReplicationOf(server, database);
    const dump = logicalReplicationIn(toc);
    if (mode.kind === 'in-place') return adviceInPlace(database, live, dump);
    if (mode.kind === 'aside')
      return adviceOnSwap({ database, old: live, previous: undefined, dropped: false, restored: dump });
    const { schemas } = mode;
    const tables = tablesMeant(toc, mode).tables;
    const subscriptions = await subscriptionsTo(server, database, { schemas, tables });
    return adviceOnTables(database, live, subscriptions);
  } catch (error) {
    return [notInspected(database, error)];
  }
}

/** Maximum number of statements in a message. */
const SHOWN = 5;

function warningsOfGlobals({ globals }: Preparation): readonly string[] {
  if (globals === undefined) return [];
  const { refused, isOurs, isOfPgDumpall } = globals;
  const shown = refused
    .slice(0, SHOWN)
    .map((statement) => `\`${statement}\``)
    .join(', ');
  return [
    ...(refused.length === 0
      ? []
      : [
          `its globals have ${refused.length} statements that no backup writes, which are never executed: ${shown}. Another program may have written them`,
        ]),
    ...(isOurs || isOfPgDumpall
      ? []
      : [
          'its globals are not of the form that a backup or pg_dumpall writes, so owners and grants would be those of the live database',
        ]),
  ];
}

function rightsMissing(server: Server, mode: RestoreMode): readonly string[] {
  if (mode.kind === 'in-place' || server.createDb) return [];
  const hint =
    mode.kind === 'aside'
      ? 'Restore as a superuser, or give it CREATEDB; where that cannot be had, restore in place'
      : 'Restore as a superuser, or give it CREATEDB';
  return [`"${server.user}" may not make databases on this server. ${hint}`];
}

async function preparedTransactions(server: Server, database: string): Promise<readonly string[]> {
  const ids = await server.values(
    'looking for prepared transactions',
    'SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = $1',
    [database],
  );
  return ids.map(
    (gid) =>
      `the live database has a prepared transaction, "${gid}", and cannot be renamed. Commit it or roll it back (COMMIT PREPARED, ROLLBACK PREPARED)`,
  );
}

async function inspectExtensions(
  server: Server,
  names: readonly string[],
  { manifest }: RestoreInput,
  { problems, warnings }: { readonly problems: string[]; readonly warnings: string[] },
): Promise<void> {
  const available = await server.ask<AvailableExtension & Record<string, unknown>>(
    'asking for extensions',
    AVAILABLE_EXTENSIONS,
  );
  const { lacking, older } = compareExtensions(names, manifest?.extensions ?? [], available);
  problems.push(
    ...lacking.map(
      (name) => `the extension ${name} is not available on the server. Install its package there`,
    ),
  );
  warnings.push(
    ...older.map(
      ({ name, before, now }) =>
        `extension ${name}: the backup was made with ${before}, the server has ${now}`,
    ),
  );
}

function ofOneDatabase(extensions: readonly string[], exists: boolean): readonly string[] {
  const way = exists ? 'restore in place' : 'make that database, empty, then restore in place';
  return extensions.flatMap((name) => {
    const setting = ONE_DATABASE[name];
    return setting === undefined
      ? []
      : [`the extension ${name} can only be made in the database that ${setting} names, not aside: ${way}`];
  });
}

async function notPreloaded(server: Server, { manifest }: RestoreInput): Promise<readonly string[]> {
  const needed = manifest?.preloadedLibraries ?? [];
  if (needed.length === 0) return [];
  const present = await preloadedLibrariesOf(server.client);
  const missing = needed.filter((name) => present?.includes(name) === false);
  if (missing.length === 0) return [];
  return [
    `the server of the backup preloads ${missing.join(', ')}, this one does not: extensions may need it in shared_preload_libraries`,
  ];
}

/** Returns a warning if the server's disk lacks space for a second copy, as far as the server reports it. */
async function diskShortage(server: Server, { dump, manifest }: RestoreInput): Promise<readonly string[]> {
  const needed = diskEstimate(manifest?.databaseBytes, dump.bytes);
  const free = await freeBytes(server);
  if (free === undefined || free >= needed) return [];
  return [
    `the disk of the server has ${megabytes(free)} free, a second copy of the database takes about ${megabytes(needed)}. Free disk space, or restore in place`,
  ];
}

/** Returns the free bytes of the server's disk; `undefined` if the server does not report them. */
async function freeBytes(server: Server): Promise<number | undefined> {
  if (!server.superuser) return undefined;
  try {
    await server.client.query('BEGIN; CREATE TEMPORARY TABLE geolens_backup_room (line text) ON COMMIT DROP');
    // The server's working folder is its data folder.
    await server.client.query(`COPY pg_temp.geolens_backup_room FROM PROGRAM 'df -P -k .'`);
    const { rows } = await server.client.query<{ line: string }>(
      'SELECT line FROM pg_temp.geolens_backup_room',
    );
    const kilobytes = /\s(\d+)\s+\d+%\s/.exec(rows.at(-1)?.line ?? '')?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined; // a full disk fails the restore before any loss
  } finally {
    await server.client.query('ROLLBACK');
  }
}
