import { connectionFromUrl, type ConnectionSettings } from '@geolens/backup-adapter-postgres';
import { isBackupError, Secret } from '@geolens/backup-core';
import { describeError } from '../present/hints.ts';
import type { Values } from './variables.ts';

/**
 * The settings, or what is wrong with them: one sentence each, beginning with the name of the variable,
 * without its value.
 */
export type ConnectionReading =
  | { readonly settings: ConnectionSettings }
  | { readonly problems: readonly string[] };

/** The connection of DATABASE_URL, otherwise that of POSTGRES_*. */
export function readConnection(values: Partial<Values>): ConnectionReading {
  if (values.DATABASE_URL !== undefined) return readUrl(values.DATABASE_URL);
  const {
    POSTGRES_HOST: host,
    POSTGRES_PORT: port,
    POSTGRES_USER: user,
    POSTGRES_DB: database,
    POSTGRES_PASSWORD: password,
  } = values;
  if (host === undefined || port === undefined || user === undefined || database === undefined)
    return { problems: [] };
  if (host.includes(',') && !host.startsWith('/'))
    return { problems: [`POSTGRES_HOST="${host}" names several hosts; give one, the primary`] };
  const secret = password === undefined || password === '' ? {} : { password: new Secret(password) };
  return { settings: { host, port, user, database, ...secret } };
}

function readUrl(text: string): ConnectionReading {
  try {
    return { settings: connectionFromUrl(text, 'DATABASE_URL') };
  } catch (error) {
    if (!isBackupError(error, 'CONFIG_INVALID')) throw error;
    return { problems: [describeError(error)] };
  }
}
