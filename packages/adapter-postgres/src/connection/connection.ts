import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import * as tls from 'node:tls';
import pg from 'pg';
import { BackupError, throwIfAborted } from '@geolens/backup-core';
import { APPLICATION_NAME, CONNECT_TIMEOUT_SECONDS, KEEPALIVE_SECONDS } from './program-connection.ts';
import { valueOf } from './queries.ts';
import { errorWithoutValues } from './client-errors.ts';
import { SYSTEM_AUTHORITIES, type ConnectionSettings, type SslMode } from './connection-settings.ts';
import { codeOf } from './postgres-errors.ts';

/**
 * Connects a client, with or without TLS according to the mode, until the signal fires. Throws errors of
 * `pg`. The session resolves names in pg_catalog only, whatever role and database set. With another
 * search_path, another role's operator or function could replace a built-in one. It would run with the rights
 * of this session.
 */
export async function connect(settings: ConnectionSettings, signal?: AbortSignal): Promise<pg.Client> {
  const attempts = await tlsAttempts(settings);
  for (const [index, ssl] of attempts.entries()) {
    throwIfAborted(signal); // a signal that has already fired calls no listener
    const socket = new Socket();
    const client = newClient(settings, ssl, socket);
    const giveUp = (): void => void socket.destroy();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await client.connect();
      await prepareSession(client, settings);
      return client;
    } catch (error) {
      await disconnect(client);
      if (index === attempts.length - 1 || signal?.aborted === true || !worthAnotherTry(error))
        throw errorWithoutValues(error);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }
  throw new Error('unreachable: there is always a last attempt');
}

/**
 * Overrides settings of roles, databases and servers that would end queries or change how the session reads
 * texts. Each setting is a separate statement: the first one still runs under the timeout that it lifts.
 */
const SESSION_SETTINGS = `SET statement_timeout = 0; SELECT pg_catalog.set_config('search_path', '', false); SET standard_conforming_strings = on;
  SET quote_all_identifiers = off; SET exit_on_error = off; SET bytea_output = hex`;

/**
 * Prepares a session. The connection exists only once the server has answered a query. The server cannot
 * translate SQL_ASCII, so clients get the bytes unchanged.
 */
async function prepareSession(client: pg.Client, settings: ConnectionSettings): Promise<void> {
  const first: pg.QueryConfig & { query_timeout: number } = {
    text: SESSION_SETTINGS,
    query_timeout: connectTimeoutMs(settings),
  };
  await client.query(first);
  const encoding = await valueOf(client, `SELECT pg_catalog.current_setting('server_encoding')`);
  if (encoding === 'SQL_ASCII') await client.query('SET client_encoding = SQL_ASCII');
  encodings.set(client, encoding);
}

/** Encodings by client; pg does not keep the server's reports. */
const encodings = new WeakMap<pg.Client, string>();

/** Returns the database encoding of a client of `connect`, for example `UTF8` or `SQL_ASCII`. */
export function serverEncodingOf(client: pg.Client): string {
  return encodings.get(client) ?? 'UTF8';
}

function connectTimeoutMs({ connectTimeout = CONNECT_TIMEOUT_SECONDS }: ConnectionSettings): number {
  return connectTimeout * 1000;
}

/** Milliseconds to wait for the end of a session. A healthy server ends it at once. */
const GOODBYE_MS = 1_000;

/** Ends a client's session. Never fails, and waits at most GOODBYE_MS. */
export async function disconnect(client: pg.Client): Promise<void> {
  const goodbye = new AbortController();
  const late = setTimeout(GOODBYE_MS, undefined, { signal: goodbye.signal }).catch(() => undefined);
  await Promise.race([client.end().catch(() => undefined), late]);
  goodbye.abort();
  sockets.get(client)?.destroy();
}

/** Sockets by client; pg does not expose its socket. */
const sockets = new WeakMap<pg.Client, Socket>();

function newClient(settings: ConnectionSettings, ssl: pg.ClientConfig['ssl'], socket: Socket): pg.Client {
  const client = new pg.Client({
    host: settings.host,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    ...(settings.password !== undefined && { password: settings.password.reveal() }),
    ...(settings.options !== undefined && { options: settings.options }),
    ssl: ssl ?? false,
    stream: () => socket,
    application_name: APPLICATION_NAME,
    connectionTimeoutMillis: connectTimeoutMs(settings),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_SECONDS * 1000,
  });
  sockets.set(client, socket);
  queryWithoutValues(client);
  client.on('error', () => undefined); // a lost connection fails the next query, which reports it
  return client;
}

/** Removes values from all query errors, so that no later code must check their text. */
function queryWithoutValues(client: pg.Client): void {
  const query = client.query.bind(client) as (...args: readonly unknown[]) => Promise<unknown>;
  const safe = (...args: readonly unknown[]): Promise<unknown> =>
    query(...args).catch((error: unknown) => {
      throw errorWithoutValues(error);
    });
  client.query = safe as pg.Client['query']; // its overloads differ in their results, which pass through
}

/** Returns the TLS options to try, in libpq's order: `prefer` tries TLS first, `allow` plain first. */
async function tlsAttempts(settings: ConnectionSettings): Promise<pg.ClientConfig['ssl'][]> {
  const mode = settings.sslMode ?? (settings.sslRootCert === SYSTEM_AUTHORITIES ? 'verify-full' : 'prefer');
  if (mode === 'disable' || settings.host.startsWith('/')) return [false];
  const tls = await tlsOptions(settings, mode);
  if (mode === 'prefer') return [tls, false];
  return mode === 'allow' ? [false, tls] : [tls];
}

async function tlsOptions(
  settings: ConnectionSettings,
  mode: SslMode,
): Promise<Exclude<pg.ClientConfig['ssl'], boolean | undefined>> {
  const [ca, cert, key] = await Promise.all([
    authorities(settings.sslRootCert),
    pem(settings.sslCert),
    pem(settings.sslKey),
  ]);
  // libpq also verifies under `require` if a root certificate is given.
  const verifies = mode.startsWith('verify') || (mode === 'require' && ca !== undefined);
  return {
    rejectUnauthorized: verifies,
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  };
}

/** Exists in Node 22.15 and later. */
const { getCACertificates }: Partial<Pick<typeof tls, 'getCACertificates'>> = tls;

async function authorities(rootCert: string | undefined): Promise<string | string[] | undefined> {
  if (rootCert !== SYSTEM_AUTHORITIES) return pem(rootCert);
  if (getCACertificates !== undefined) return getCACertificates('system');
  throw new BackupError(
    'CONFIG_INVALID',
    `Node ${process.versions.node} does not tell whom this machine trusts`,
    { hint: 'Use Node 22.15 or newer, or name a file in sslrootcert' },
  );
}

async function pem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return readFile(path, 'utf8').catch((cause: unknown) => {
    const hint = 'Correct sslrootcert, sslcert or sslkey, or give this user the right to read the file';
    throw new BackupError(
      'CONFIG_INVALID',
      `the file ${path} for TLS cannot be read: ${(cause as Error).message}`,
      { cause, hint },
    );
  });
}

/** Returns whether another TLS option may help: only if the server refused TLS, or refused plain. */
function worthAnotherTry(error: unknown): boolean {
  const noSuchRule = codeOf(error) === '28000';
  return noSuchRule || (error instanceof Error && error.message.includes('does not support SSL'));
}
