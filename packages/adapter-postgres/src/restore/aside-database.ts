import {
  formatTimestamp,
  parseTimestamp,
  type DatabaseProperties,
  type Manifest,
} from '@geolens/backup-core';
import { databasePropertiesOf } from '../dump/database-properties.ts';
import { quoteIdentifier, quoteLiteral, withSuffix } from '../connection/identifiers.ts';
import type { Server } from './server.ts';

const ASIDE = '_restoring_';
const TIMESTAMP_LENGTH = 'YYYYMMDD_HHMMSS'.length;

/** The name of the database that is restored into before it gets its own. Names of this form are ours. */
export function asideName(database: string, now: Date): string {
  return withSuffix(database, ASIDE + formatTimestamp(now));
}

/**
 * The databases that restores of this database have left, because they died. The caller keeps other restores
 * out.
 */
export async function leftAside(server: Server, database: string): Promise<readonly string[]> {
  const names = await server.values(
    'looking for what earlier restores left',
    'SELECT datname FROM pg_catalog.pg_database WHERE datname LIKE $1',
    [`%\\_restoring\\_%`],
  );
  return names.filter((name) => {
    const timestamp = parseTimestamp(name.slice(-TIMESTAMP_LENGTH));
    return timestamp !== undefined && name === withSuffix(database, ASIDE + timestamp);
  });
}

/**
 * Makes an empty database beside the live one, with its encoding, locale and place; where there is no live
 * one, with those that the manifest tells.
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
    // Naming the usual place takes a right that being put there by default does not.
    ...(tablespace === 'pg_default' ? [] : [`TABLESPACE = ${quoteIdentifier(tablespace)}`]),
  ];
  const quoted = quoteIdentifier(name);
  const doing = `making the database ${quoted}`;
  // Only the restoring role may connect while the database is filled: not all objects have their owners and
  // privileges yet.
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

/** Servers from this version on end the sessions of a database that is dropped. */
const FIRST_WITH_FORCE = 13;

/**
 * Longest wait for a database to be dropped. The server waits for each background worker, and some never answer
 * (those of pglogical, pg_wait_sampling and pg_auto_failover).
 */
const DROP_TIMEOUT = '10min';

/** Removes a database and ends its sessions. A missing database is no error. */
export async function dropDatabase(server: Server, name: string, timeout = DROP_TIMEOUT): Promise<void> {
  const force = server.major >= FIRST_WITH_FORCE ? ' WITH (FORCE)' : '';
  const doing = `dropping the database ${quoteIdentifier(name)}`;
  await server.ask(doing, `SET statement_timeout = ${quoteLiteral(timeout)}`);
  try {
    await server.ask(doing, `DROP DATABASE IF EXISTS ${quoteIdentifier(name)}${force}`);
  } finally {
    await server.ask(doing, 'SET statement_timeout = 0').catch(() => undefined); // the session is gone
  }
}

/** Removes a database that was restored into and never used. */
export async function dropAside(server: Server, name: string): Promise<void> {
  await dropSubscriptions(server, name);
  await dropDatabase(server, name);
}

const IDLE_SUBSCRIPTIONS = `
  SELECT s.subname FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = $1 AND NOT s.subenabled`;

/**
 * The server drops no database that has one. Those of a dump are switched off, and go without a word to the
 * other server.
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
