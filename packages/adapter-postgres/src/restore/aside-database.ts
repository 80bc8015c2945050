import {
  formatTimestamp,
  parseTimestamp,
  type DatabaseProperties,
  type Manifest,
  type RunTimestamp,
} from '@geolens/backup-core';
import { databasePropertiesOf } from '../dump/database-properties.ts';
import { quoteIdentifier, quoteLiteral, withSuffix } from '../connection/identifiers.ts';
import type { Server } from './server.ts';

const ASIDE = '_restoring_';
const TIMESTAMP_LENGTH = 'YYYYMMDD_HHMMSS'.length;

/** Returns the name of the database to fill, before its final rename. Names of this form are ours. */
export function asideName(database: string, now: Date): string {
  return withSuffix(database, ASIDE + formatTimestamp(now));
}

/** Returns the databases that interrupted restores of this database left. The caller holds the lock. */
export async function leftAside(server: Server, database: string): Promise<readonly string[]> {
  return (await databasesNamed(server, database, ASIDE)).map(({ name }) => name);
}

/** Returns the databases whose names are that of this database, the infix and a timestamp. */
export async function databasesNamed(
  server: Server,
  database: string,
  infix: string,
): Promise<readonly { readonly name: string; readonly timestamp: RunTimestamp }[]> {
  const names = await server.values(
    'looking for what earlier restores left',
    'SELECT datname FROM pg_catalog.pg_database WHERE datname LIKE $1',
    [`%${infix.replaceAll('_', String.raw`\_`)}%`],
  );
  return names.flatMap((name) => {
    const timestamp = parseTimestamp(name.slice(-TIMESTAMP_LENGTH));
    const isOurs = timestamp !== undefined && name === withSuffix(database, infix + timestamp);
    return isOurs ? { name, timestamp } : [];
  });
}

/**
 * Creates an empty database beside the live one, with its encoding, locale and tablespace. If there is no
 * live one, takes them from the manifest.
 */
export async function createAside(
  server: Server,
  database: string,
  name: string,
  manifest: Manifest | undefined,
): Promise<void> {
  const properties = (await databasePropertiesOf(server.client, database)) ?? manifest?.databaseProperties;
  const [tablespace = 'pg_default'] = await server.values(
    'asking for the properties of the database',
    `SELECT t.spcname FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = $1`,
    [database],
  );
  const options = [
    ...(properties === undefined ? [] : localeOptions(properties, server.major)),
    // Naming the default tablespace requires a right that using it by default does not.
    ...(tablespace === 'pg_default' ? [] : [`TABLESPACE = ${quoteIdentifier(tablespace)}`]),
  ];
  const quoted = quoteIdentifier(name);
  const doing = `making the database ${quoted}`;
  // Only the restoring role may connect while the database is filled: objects may lack owners and privileges.
  await server.ask(
    doing,
    `CREATE DATABASE ${quoted} TEMPLATE = template0 ALLOW_CONNECTIONS = false ${options.join(' ')}`,
  );
  await server.ask(doing, `REVOKE CONNECT ON DATABASE ${quoted} FROM PUBLIC`);
  await server.ask(doing, `ALTER DATABASE ${quoted} ALLOW_CONNECTIONS true`);
}

function localeOptions(
  { encoding, collate, ctype, localeProvider, locale }: DatabaseProperties,
  serverMajor: number,
): readonly string[] {
  const libc = [
    `ENCODING = ${quoteLiteral(encoding)}`,
    `LC_COLLATE = ${quoteLiteral(collate)}`,
    `LC_CTYPE = ${quoteLiteral(ctype)}`,
  ];
  if (serverMajor < 15 || localeProvider === undefined) return libc;
  const name = localeProvider === 'icu' ? 'ICU_LOCALE' : 'BUILTIN_LOCALE';
  return [
    ...libc,
    `LOCALE_PROVIDER = ${localeProvider}`,
    ...(localeProvider === 'libc' || locale === undefined ? [] : [`${name} = ${quoteLiteral(locale)}`]),
  ];
}

/** First server version that ends the sessions of a dropped database. */
const FIRST_WITH_FORCE = 13;

/**
 * Maximum wait for a drop. The server waits for each background worker, and some never answer (those of
 * pglogical, pg_wait_sampling and pg_auto_failover).
 */
const DROP_TIMEOUT = '10min';

/** Drops a database and ends its sessions. A missing database is no error. */
export async function dropDatabase(server: Server, name: string, timeout = DROP_TIMEOUT): Promise<void> {
  const force = server.major >= FIRST_WITH_FORCE ? ' WITH (FORCE)' : '';
  const doing = `dropping the database ${quoteIdentifier(name)}`;
  await server.ask(doing, `SET statement_timeout = ${quoteLiteral(timeout)}`);
  try {
    await server.ask(doing, `DROP DATABASE IF EXISTS ${quoteIdentifier(name)}${force}`);
  } finally {
    await server.ask(doing, 'SET statement_timeout = 0').catch(() => undefined); // the session may be lost
  }
}

/** Drops a database that was restored into and never used. */
export async function dropAside(server: Server, name: string): Promise<void> {
  await dropSubscriptions(server, name);
  await dropDatabase(server, name);
}

const IDLE_SUBSCRIPTIONS = `
  SELECT s.subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = $1 AND NOT s.subenabled`;

/**
 * Drops the subscriptions of a database: the server refuses to drop a database with one. Those of a dump are
 * disabled, so the other server is not contacted.
 */
async function dropSubscriptions(server: Server, database: string): Promise<void> {
  const idle = await server.values('looking for subscriptions', IDLE_SUBSCRIPTIONS, [database]);
  if (idle.length === 0) return;
  await server.within(database, 'dropping subscriptions', async (client) => {
    for (const name of idle) {
      await client.query(`ALTER SUBSCRIPTION ${quoteIdentifier(name)} SET (slot_name = NONE)`);
      await client.query(`DROP SUBSCRIPTION ${quoteIdentifier(name)}`);
    }
  });
}
