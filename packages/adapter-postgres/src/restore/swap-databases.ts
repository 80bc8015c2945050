import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import {
  BackupError,
  formatTimestamp,
  toBackupError,
  type FinishedSwap,
  type KeptContent,
} from '@geolens/backup-core';
import { quoteIdentifier, withSuffix } from '../connection/identifiers.ts';
import type { Server } from './server.ts';
import {
  logicalReplicationOf,
  NO_REPLICATION,
  quotedForMessage,
  type LogicalReplication,
} from './logical-replication.ts';
import { adviceOnSwap } from './logical-replication-advice.ts';
import { databasesNamed, dropDatabase } from './aside-database.ts';

const PREVIOUS = '_before_';

/** Milliseconds between attempts to end blocking sessions. The server gives up after five seconds. */
const END_SESSIONS_EVERY_MS = 100;

const DOING = 'swapping the databases';

export interface Swap {
  readonly database: string;
  /** Database that gets the name. */
  readonly aside: string;
  /** Limit of the set; `undefined` if the set has none, then the limit of the live database stays. */
  readonly connectionLimit: number | undefined;
  readonly now: Date;
}

/**
 * Renames a database and the one beside it in one transaction. The first rename takes the server's lock on
 * the database, which every new session needs. From then on the server admits no new session. If this process
 * dies or a step fails, nothing changes. A second connection ends existing sessions while the rename waits
 * for them.
 * @returns the new name of the old database; `undefined` if there was none
 */
export async function swapDatabases(
  server: Server,
  { database, aside, connectionLimit, now }: Swap,
): Promise<string | undefined> {
  const previous = (await server.exists(database)) ? await freeName(server, database, now) : undefined;
  const [liveLimit] = await server.values<number>(
    DOING,
    'SELECT datconnlimit FROM pg_catalog.pg_database WHERE datname = $1 AND datconnlimit >= 0',
    [database],
  );
  const limit = connectionLimit ?? liveLimit;
  const renamed = new AbortController();
  const ending = server.within(server.maintenance, 'ending the sessions of the database', (client) =>
    endSessions(client, [database, aside], renamed.signal),
  );
  const ended = ending.then(
    () => undefined,
    (error: unknown) => error as BackupError,
  );
  try {
    await server.ask(DOING, 'BEGIN');
    // Not earlier: it would also limit the sessions that fill and check the new database.
    if (limit !== undefined)
      await server.ask(DOING, `ALTER DATABASE ${quoteIdentifier(aside)} CONNECTION LIMIT ${limit}`);
    if (previous !== undefined)
      await server.ask(
        DOING,
        `ALTER DATABASE ${quoteIdentifier(database)} RENAME TO ${quoteIdentifier(previous)}`,
      );
    await server.ask(
      DOING,
      `ALTER DATABASE ${quoteIdentifier(aside)} RENAME TO ${quoteIdentifier(database)}`,
    );
    await server.ask(DOING, 'COMMIT');
    return previous;
  } catch (error) {
    await server.ask(DOING, 'ROLLBACK').catch(() => undefined);
    if (await isSwapped(server, aside)) return previous;
    renamed.abort();
    throw (await ended) ?? error;
  } finally {
    renamed.abort();
    await ended;
  }
}

/** Returns whether the swap took effect: the answer to COMMIT may have been lost. */
async function isSwapped(server: Server, aside: string): Promise<boolean> {
  try {
    return await server.within(
      server.maintenance,
      DOING,
      async (client) =>
        (await client.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [aside])).rowCount === 0,
    );
  } catch {
    return false; // unknown now; the databases themselves show it later
  }
}

/* Autovacuum, which has no user, yields to the rename by itself; only a superuser may end it. */
const SESSIONS_ENDED = `
  SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
   WHERE datname = ANY ($1) AND pid <> pg_catalog.pg_backend_pid() AND usesysid IS NOT NULL`;

async function endSessions(
  client: pg.Client,
  databases: readonly string[],
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    await client.query(SESSIONS_ENDED, [databases]);
    await setTimeout(END_SESSIONS_EVERY_MS, undefined, { signal: until }).catch(() => undefined);
  }
}

/** Returns a free name for the old database: that of the current second or of a later one. */
async function freeName(server: Server, database: string, now: Date): Promise<string> {
  for (let moment = now.getTime(); ; moment += 1000) {
    const name = withSuffix(database, PREVIOUS + formatTimestamp(new Date(moment)));
    if (!(await server.exists(name))) return name;
  }
}

/** Drops the old database of a swap if requested and possible. Returns the remaining steps. */
export async function finishSwap(
  server: Server,
  database: string,
  previous: string | undefined,
  { drop }: { readonly drop: boolean },
): Promise<FinishedSwap> {
  const warnings: string[] = [];
  const read = (name: string): Promise<LogicalReplication> =>
    logicalReplicationOf(server, name).catch((error: unknown) => {
      warnings.push(notInspected(name, error));
      return NO_REPLICATION;
    });
  const old = previous === undefined ? NO_REPLICATION : await read(previous);
  const dropped = drop && previous !== undefined && (await isDropped(server, previous, warnings));
  const restored = await read(database);
  return {
    dropped,
    warnings: [...warnings, ...adviceOnSwap({ database, old, previous, dropped, restored })],
  };
}

const SIZE = `
  SELECT CASE WHEN pg_catalog.has_database_privilege($1, 'CONNECT') THEN pg_catalog.pg_database_size($1::name) END`;

/** Returns the databases that swaps of this database kept. */
export async function listPrevious(server: Server, database: string): Promise<readonly KeptContent[]> {
  const kept: KeptContent[] = [];
  for (const found of await databasesNamed(server, database, PREVIOUS)) {
    const [size] = await server.values<string | null>('asking for the size of a database', SIZE, [
      found.name,
    ]);
    kept.push({ ...found, bytes: size == null ? undefined : Number(size) });
  }
  return kept;
}

/** Drops a database that a swap of this database kept. */
export async function dropPrevious(server: Server, database: string, name: string): Promise<FinishedSwap> {
  const kept = await databasesNamed(server, database, PREVIOUS);
  if (!kept.some((one) => one.name === name)) return { dropped: false, warnings: [] };
  const warnings: string[] = [];
  return { dropped: await isDropped(server, name, warnings), warnings };
}

/** Returns the warning in place of a failed inspection. */
export function notInspected(database: string, error: unknown): string {
  return `logical replication of database ${quotedForMessage(database)} could not be inspected: ${toBackupError(error).message}`;
}

/**
 * Drops a database and returns whether it succeeded. The server refuses if it has a subscription or an active
 * replication slot. The operator must remove both: other servers depend on them.
 */
async function isDropped(server: Server, name: string, warnings: string[]): Promise<boolean> {
  try {
    await dropDatabase(server, name);
    return true;
  } catch (error) {
    const { slots, subscriptions } = await logicalReplicationOf(server, name).catch(() => NO_REPLICATION);
    if (subscriptions.length === 0 && !slots.some(({ active }) => active)) throw error;
    warnings.push(
      `database ${quotedForMessage(name)} is kept, because logical replication uses it: ${toBackupError(error).message}`,
    );
    return false;
  }
}
