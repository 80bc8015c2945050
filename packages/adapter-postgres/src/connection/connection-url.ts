import { parse } from 'pg-connection-string';
import { BackupError, Secret } from '@geolens/backup-core';
import {
  SSL_MODES,
  SYSTEM_AUTHORITIES,
  type ConnectionSettings,
  type SslMode,
} from './connection-settings.ts';

/** Also matches SQLAlchemy's schemes, for example `postgresql+asyncpg://`. */
const SCHEME = /^postgres(?:ql)?(?:\+\w+)?:\/\//;

/** Query parameters that this module reads itself; pg-connection-string reads the rest. */
const OWN_PARAMETERS = ['dbname', 'sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey'] as const;

const FORM = 'it has to look like postgresql://user:password@host:5432/database';

/**
 * Returns the connection settings of a URL, in the form of libpq
 * (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS), SQLAlchemy or asyncpg.
 * @param label name of the URL in errors, for example the name of a variable
 * @throws BackupError CONFIG_INVALID if the URL is invalid, in one sentence that holds no part of the URL
 */
export function connectionFromUrl(text: string, label = 'the URL of the database'): ConnectionSettings {
  const wrong = (what: string): BackupError => new BackupError('CONFIG_INVALID', `${label} ${what}`);
  if (!SCHEME.test(text)) throw wrong(`has to begin with postgresql:// or postgres://; ${FORM}`);
  const [given, query = ''] = splitOnce(text.replace(SCHEME, 'postgresql://'), '?');
  const address = encodeStrays(given);
  const parameters = new URLSearchParams(query);
  const tls = readTls(parameters);
  if (typeof tls === 'string') throw wrong(tls);
  const byName = parameters.get('dbname');
  for (const name of OWN_PARAMETERS) parameters.delete(name);
  if (authorityOf(address).includes(',') || parameters.get('host')?.includes(',') === true)
    throw wrong('names several hosts; give one, the primary');
  const parts = partsOf(address, parameters);
  if (parts === undefined)
    throw wrong('is not a URL; percent-encode special characters in the user and the password');
  const { host, port: portText, user, password, connect_timeout: timeout, options } = parts;
  const database = byName ?? parts.path;
  if (!host) throw wrong(`names no host; ${FORM}`);
  if (!user) throw wrong(`names no user; ${FORM}`);
  if (!database) throw wrong(`names no database; ${FORM}`);
  const port = portText ? Number(portText) : 5432;
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw wrong(`has a port that is no number from 1 to 65535; ${FORM}`);
  return {
    host,
    port,
    user,
    database,
    ...(password !== undefined && password !== '' && { password: new Secret(password) }),
    ...tls,
    ...(typeof timeout === 'string' && /^[1-9]\d*$/.test(timeout) && { connectTimeout: Number(timeout) }),
    ...(options !== undefined && options !== '' && { options }),
  };
}

/** Returns host and port, without user and password. */
function authorityOf(address: string): string {
  return address
    .replace(/^postgresql:\/\//, '')
    .replace(/[/#].*$/s, '')
    .replace(/^.*@/s, '');
}

/** Parses the URL; `undefined` if it is invalid. The error would hold the URL, and so the password. */
function partsOf(
  address: string,
  parameters: URLSearchParams,
): (ReturnType<typeof parse> & { readonly path: string | undefined }) | undefined {
  try {
    return { ...parse(`${address}?${parameters.toString()}`), path: databaseOf(address) };
  } catch {
    return undefined;
  }
}

/** Encodes stray characters: otherwise pg-connection-string encodes the whole again. */
function encodeStrays(address: string): string {
  return address.replaceAll(' ', '%20').replace(/%(?![0-9a-f]{2})/gi, '%25');
}

/** Returns the decoded path: pg-connection-string leaves `%2F` and `%3D`, for example, as they are. */
function databaseOf(address: string): string | undefined {
  const path = /^postgresql:\/\/[^/]*\/([^#]+)/.exec(address)?.[1];
  return path === undefined ? undefined : decodeURIComponent(path);
}

type Tls = Pick<ConnectionSettings, 'sslMode' | 'sslRootCert' | 'sslCert' | 'sslKey'>;

/** asyncpg's words besides the modes. */
const ASYNCPG_WORDS: ReadonlyMap<string, SslMode> = new Map([
  ['true', 'require'],
  ['false', 'disable'],
]);

/** Reads the TLS parameters; asyncpg's `ssl` means `sslmode`. */
function readTls(parameters: URLSearchParams): Tls | string {
  const word = parameters.get('ssl');
  const mode = parameters.get('sslmode') ?? (word === null ? null : (ASYNCPG_WORDS.get(word) ?? word));
  if (mode !== null && !SSL_MODES.includes(mode as SslMode))
    return `has an unknown sslmode; it has to be one of ${SSL_MODES.join(', ')}`;
  const [sslRootCert, sslCert, sslKey] = [
    parameters.get('sslrootcert'),
    parameters.get('sslcert'),
    parameters.get('sslkey'),
  ];
  if (sslRootCert === SYSTEM_AUTHORITIES && mode !== null && mode !== 'verify-full')
    return `has sslrootcert=${SYSTEM_AUTHORITIES}, which takes sslmode=verify-full`;
  return {
    ...(mode !== null && { sslMode: mode as SslMode }),
    ...(sslRootCert !== null && { sslRootCert }),
    ...(sslCert !== null && { sslCert }),
    ...(sslKey !== null && { sslKey }),
  };
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
