import type { ProgramEnvironment } from '@geolens/backup-system';
import type { ConnectionSettings } from './connection-settings.ts';
import { majorOf } from './queries.ts';

/** Name of every session of ours, for the server. */
export const APPLICATION_NAME = 'geolens-backup';
/** Of a session and of a program, if the settings have none. */
export const CONNECT_TIMEOUT_SECONDS = 10;

/**
 * The environment for a program that only reads and writes files: without what libpq reads of it, the
 * password of the database above all.
 */
export function withoutConnection(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PG')));
}

/**
 * The settings as libpq's programs take them from their environment, so that nothing stands on a command
 * line.
 */
export function libpqEnvironment(settings: ConnectionSettings): Record<string, string> {
  const variables: Record<string, string | undefined> = {
    PGHOST: settings.host,
    PGPORT: String(settings.port),
    PGUSER: settings.user,
    PGPASSWORD: settings.password?.reveal(),
    PGDATABASE: settings.database,
    PGSSLMODE: settings.sslMode,
    PGSSLROOTCERT: settings.sslRootCert,
    PGSSLCERT: settings.sslCert,
    PGSSLKEY: settings.sslKey,
    PGCONNECT_TIMEOUT: String(settings.connectTimeout ?? CONNECT_TIMEOUT_SECONDS),
    PGOPTIONS: settings.options,
    PGAPPNAME: APPLICATION_NAME,
  };
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** A peer that is gone is noticed after two minutes of silence. */
export const KEEPALIVE_SECONDS = 60;
const KEEPALIVES = `keepalives_idle=${KEEPALIVE_SECONDS} keepalives_interval=10 keepalives_count=6`;

/**
 * The name of a database as a connection string, for arguments: programs would read a bare name with a `=` in
 * it as one, and libpq reads keepalives from nowhere else. It holds no secret. Without tcp_user_timeout: a
 * server that takes nothing for a while, as in a long COPY, would lose its client by it.
 */
export function connectionString(database: string): string {
  return `dbname='${database.replace(/[\\']/g, '\\$&')}' ${KEEPALIVES}`;
}

/** libpq knows it from this version on. */
const FIRST_WITH_USER_TIMEOUT = 12;
const USER_TIMEOUT_MS = 120_000;

/**
 * The same for programs that send nothing but short queries. A query that the network swallows is noticed as
 * soon as a silent connection.
 */
export function readingConnectionString(database: string, clientMajor: number): string {
  const timeout = clientMajor < FIRST_WITH_USER_TIMEOUT ? '' : ` tcp_user_timeout=${USER_TIMEOUT_MS}`;
  return `${connectionString(database)}${timeout}`;
}

/**
 * Servers from this version on notice by themselves that a client is gone, also while it waits for a lock.
 */
const FIRST_WITH_CONNECTION_CHECK = 14;

/**
 * The environment of a client program for a server, which is to end its session soon after the program was
 * killed.
 */
export function watched(env: ProgramEnvironment, serverVersion: string): ProgramEnvironment {
  if (majorOf(serverVersion) < FIRST_WITH_CONNECTION_CHECK) return env;
  return { ...env, PGOPTIONS: `${env['PGOPTIONS'] ?? ''} -c client_connection_check_interval=2s`.trim() };
}
