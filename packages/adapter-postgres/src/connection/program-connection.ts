import type { ProgramEnvironment } from '@geolens/backup-system';
import type { ConnectionSettings } from './connection-settings.ts';
import { majorOf } from './queries.ts';

/** Name of all our sessions on the server. */
export const APPLICATION_NAME = 'geolens-backup';
/** Default timeout of sessions and programs. */
export const CONNECT_TIMEOUT_SECONDS = 10;

/** Returns the environment for a program that only processes files: without libpq's variables. */
export function withoutConnection(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PG')));
}

/** Returns the settings as environment variables of libpq's programs: command lines are visible. */
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

/** Idle seconds before keepalives start. A lost peer is detected after two minutes of silence. */
export const KEEPALIVE_SECONDS = 60;
const KEEPALIVES = `keepalives_idle=${KEEPALIVE_SECONDS} keepalives_interval=10 keepalives_count=6`;

/**
 * Returns a database name as a connection string for arguments. Programs would parse a bare name with a `=`,
 * and libpq reads keepalives from nowhere else. The string holds no secret. It omits tcp_user_timeout: a
 * server that reads nothing for a while, as in a long COPY, would lose its client.
 */
export function connectionString(database: string): string {
  return `dbname='${database.replace(/[\\']/g, '\\$&')}' ${KEEPALIVES}`;
}

/** First libpq version with tcp_user_timeout. */
const FIRST_WITH_USER_TIMEOUT = 12;
const USER_TIMEOUT_MS = 120_000;

/**
 * Returns the connection string for programs that send only short queries. A query lost in the network is
 * detected as early as a silent connection.
 */
export function readingConnectionString(database: string, clientMajor: number): string {
  const timeout = clientMajor < FIRST_WITH_USER_TIMEOUT ? '' : ` tcp_user_timeout=${USER_TIMEOUT_MS}`;
  return `${connectionString(database)}${timeout}`;
}

/** First server version that detects a lost client by itself, also while it waits for a lock. */
const FIRST_WITH_CONNECTION_CHECK = 14;

/** Returns the environment of a client program whose session must end soon after the program is killed. */
export function watched(env: ProgramEnvironment, serverVersion: string): ProgramEnvironment {
  if (majorOf(serverVersion) < FIRST_WITH_CONNECTION_CHECK) return env;
  return { ...env, PGOPTIONS: `${env['PGOPTIONS'] ?? ''} -c client_connection_check_interval=2s`.trim() };
}
