import { parse } from 'pg-connection-string';
import { SSL_MODES, SYSTEM_AUTHORITIES, type ConnectionSettings, type SslMode } from '@geolens/backup-adapter-local';
import { Secret } from '@geolens/backup-core';
import type { Values } from './variables.ts';

/** The settings, or what is wrong with them: one sentence each, beginning with the name of the variable, without its value. */
export type ConnectionReading = { readonly settings: ConnectionSettings } | { readonly problems: readonly string[] };

/** `postgresql+asyncpg://` and the like are what SQLAlchemy calls the same thing. */
const SCHEME = /^postgres(?:ql)?(?:\+\w+)?:\/\//;

/** What this reads of a URL's query by itself; the rest is left to pg-connection-string. */
const OWN_PARAMETERS = ['dbname', 'sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey'] as const;

const FORM = 'it has to look like postgresql://user:password@host:5432/database';

/** The connection of DATABASE_URL, otherwise that of POSTGRES_*. */
export function readConnection(values: Partial<Values>): ConnectionReading {
  if (values.DATABASE_URL !== undefined) return readUrl(values.DATABASE_URL);
  const { POSTGRES_HOST: host, POSTGRES_PORT: port, POSTGRES_USER: user, POSTGRES_DB: database } = values;
  if (host === undefined || port === undefined || user === undefined || database === undefined) return { problems: [] };
  return { settings: { host, port, user, database, ...passwordOf(values.POSTGRES_PASSWORD) } };
}

function readUrl(text: string): ConnectionReading {
  const wrong = (what: string): ConnectionReading => ({ problems: [`DATABASE_URL ${what}`] });
  if (!SCHEME.test(text)) return wrong(`has to begin with postgresql:// or postgres://; ${FORM}`);
  const [given, query = ''] = splitOnce(text.replace(SCHEME, 'postgresql://'), '?');
  const address = encodeStrays(given);
  const parameters = new URLSearchParams(query);
  const tls = readTls(parameters);
  if (typeof tls === 'string') return wrong(tls);
  const byName = parameters.get('dbname');
  for (const name of OWN_PARAMETERS) parameters.delete(name);
  try {
    const { host, port: portText, user, password, connect_timeout: timeout, options } = parse(`${address}?${parameters.toString()}`);
    const database = byName ?? databaseOf(address);
    if (!host) return wrong(`names no host; ${FORM}`);
    if (!user) return wrong(`names no user; ${FORM}`);
    if (!database) return wrong(`names no database; ${FORM}`);
    const port = portText ? Number(portText) : 5432;
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return wrong(`has a port that is no number from 1 to 65535; ${FORM}`);
    const settings = { host, port, user, database, ...passwordOf(password), ...tls };
    const limit = typeof timeout === 'string' && /^[1-9]\d*$/.test(timeout) ? { connectTimeout: Number(timeout) } : {};
    return { settings: { ...settings, ...limit, ...(options !== undefined && options !== '' && { options }) } };
  } catch {
    // The cause holds the URL, and so the password.
    return wrong('is not a URL; percent-encode special characters in the user and the password');
  }
}

/** Encodes what should have been: otherwise pg-connection-string encodes the whole once more, and what was right becomes wrong. */
function encodeStrays(address: string): string {
  return address.replaceAll(' ', '%20').replace(/%(?![0-9a-f]{2})/gi, '%25');
}

/** The path, decoded: pg-connection-string leaves `%2F`, `%3D` and the like as they are. */
function databaseOf(address: string): string | undefined {
  const path = /^postgresql:\/\/[^/]*\/([^#]+)/.exec(address)?.[1];
  return path === undefined ? undefined : decodeURIComponent(path);
}

type Tls = Pick<ConnectionSettings, 'sslMode' | 'sslRootCert' | 'sslCert' | 'sslKey'>;

/** asyncpg takes these words beside the modes. */
const ASYNCPG_WORDS: ReadonlyMap<string, SslMode> = new Map([['true', 'require'], ['false', 'disable']]);

/** `ssl` is what asyncpg calls `sslmode`. */
function readTls(parameters: URLSearchParams): Tls | string {
  const word = parameters.get('ssl');
  const mode = parameters.get('sslmode') ?? (word === null ? null : (ASYNCPG_WORDS.get(word) ?? word));
  if (mode !== null && !SSL_MODES.includes(mode as SslMode)) return `has an unknown sslmode; it has to be one of ${SSL_MODES.join(', ')}`;
  const [sslRootCert, sslCert, sslKey] = [parameters.get('sslrootcert'), parameters.get('sslcert'), parameters.get('sslkey')];
  if (sslRootCert === SYSTEM_AUTHORITIES && mode !== null && mode !== 'verify-full') return `has sslrootcert=${SYSTEM_AUTHORITIES}, which takes sslmode=verify-full`;
  return {
    ...(mode !== null && { sslMode: mode as SslMode }),
    ...(sslRootCert !== null && { sslRootCert }),
    ...(sslCert !== null && { sslCert }),
    ...(sslKey !== null && { sslKey }),
  };
}

function passwordOf(password: string | undefined): { readonly password?: Secret } {
  return password === undefined || password === '' ? {} : { password: new Secret(password) };
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}
