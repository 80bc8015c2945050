import { parseRecipients } from '@geolens/backup-adapter-age';
import { connectionFromUrl, type ConnectionSettings } from '@geolens/backup-adapter-postgres';
import {
  isBackupError,
  parsePublicKeys,
  parseSchedule,
  parseSigningKey,
  Secret,
  type PublicKey,
  type Schedule,
  type SigningKey,
} from '@geolens/backup-core';
import { describeError } from '../present/hints.ts';
import type { Values } from './variables.ts';

/** Value that disables a schedule. */
const NEVER = 'off';

/** Schedules of runs, restore tests and replica checks. `undefined` if one is off or invalid. */
export type Schedules = Readonly<
  Record<'schedule' | 'restoreTestSchedule' | 'replicaCheckSchedule', Schedule | undefined>
>;

/** Reads the schedules, all in the same zone, and adds the problems that it finds. */
export function readSchedules(values: Partial<Values>, problems: string[]): Schedules {
  const { BACKUP_SCHEDULE: runs, BACKUP_TIMEZONE: zone } = values;
  const read = (name: string, expression?: string, inZone?: string, otherwise = ''): Schedule | undefined => {
    if (expression === undefined) return undefined;
    try {
      return parseSchedule(expression, inZone);
    } catch (error) {
      if (!isBackupError(error)) throw error;
      problems.push(`${name}: ${describeError(error)}${otherwise}`);
      return undefined;
    }
  };
  const optional = (
    name: 'BACKUP_RESTORE_TEST_SCHEDULE' | 'BACKUP_REPLICA_CHECK_SCHEDULE',
  ): Schedule | undefined =>
    values[name]?.toLowerCase() === NEVER
      ? undefined
      : read(name, values[name], undefined, `, or set it to ${NEVER}`);
  const found = [
    read('BACKUP_SCHEDULE', runs),
    optional('BACKUP_RESTORE_TEST_SCHEDULE'),
    optional('BACKUP_REPLICA_CHECK_SCHEDULE'),
  ];
  const isZone = zone !== undefined && read('BACKUP_TIMEZONE', '@daily', zone) !== undefined;
  const [schedule, restoreTestSchedule, replicaCheckSchedule] = found.map((one) =>
    isZone && one !== undefined ? parseSchedule(one.expression, zone) : undefined,
  );
  return { schedule, restoreTestSchedule, replicaCheckSchedule };
}

/** Keys of signatures. */
export interface SigningSettings {
  /** Signs new sets. `undefined` if they are not signed. */
  readonly key: SigningKey | undefined;
  /** Keys whose sets are trusted. `undefined` if signatures are ignored. */
  readonly trustedKeys: readonly PublicKey[] | undefined;
  /** Name of the installation in signatures. */
  readonly installation: string;
}

/** Which sets are encrypted. */
export interface EncryptionSettings {
  readonly mode: 'off' | 'replicas' | 'all';
  /** Text of the public keys. `undefined` if none are given. */
  readonly recipients: string | undefined;
}

/** Reads what is encrypted, and adds the problems of missing recipients and of private keys among them. */
export function readEncryption(values: Partial<Values>, problems: string[]): EncryptionSettings {
  const { BACKUP_AGE_RECIPIENTS: recipients, BACKUP_ENCRYPT: wanted } = values;
  const mode = wanted ?? (recipients === undefined ? 'off' : 'replicas');
  if (mode !== 'off' && recipients === undefined)
    problems.push(`BACKUP_ENCRYPT=${mode} needs recipients; set BACKUP_AGE_RECIPIENTS`);
  try {
    parseRecipients(recipients ?? '');
  } catch (error) {
    problems.push(`BACKUP_AGE_RECIPIENTS: ${describeError(error)}`);
  }
  return { mode, recipients };
}

/** Reads the keys of signatures, and adds the problems that it finds. */
export function readSigning(values: Partial<Values>, problems: string[]): SigningSettings {
  const { BACKUP_SIGNING_KEY: secret, BACKUP_TRUSTED_KEYS: trusted, BACKUP_INSTALLATION = '' } = values;
  const read = <T>(name: string, text: string | undefined, parse: (text: string) => T): T | undefined => {
    try {
      return text === undefined ? undefined : parse(text);
    } catch (error) {
      problems.push(`${name}: ${describeError(error)}`);
      return undefined;
    }
  };
  const key = read('BACKUP_SIGNING_KEY', secret, parseSigningKey);
  const trustedKeys = read('BACKUP_TRUSTED_KEYS', trusted, parsePublicKeys);
  if (key !== undefined && trustedKeys?.some(({ text }) => text === key.publicKey.text) === false)
    problems.push(
      `BACKUP_TRUSTED_KEYS lacks the key that signs new sets (BACKUP_SIGNING_KEY); add ${key.publicKey.text}`,
    );
  return { key, trustedKeys, installation: BACKUP_INSTALLATION };
}

/**
 * Reads the connection from DATABASE_URL, otherwise from POSTGRES_*, and adds the problems that it finds. A
 * problem begins with the name of the variable. Problems of DATABASE_URL omit its value.
 * @returns `undefined` if the connection is invalid
 */
export function readConnection(values: Partial<Values>, problems: string[]): ConnectionSettings | undefined {
  if (values.DATABASE_URL !== undefined) return readUrl(values.DATABASE_URL, problems);
  const {
    POSTGRES_HOST: host,
    POSTGRES_PORT: port,
    POSTGRES_USER: user,
    POSTGRES_DB: database,
    POSTGRES_PASSWORD: password,
  } = values;
  if (host === undefined || port === undefined || user === undefined || database === undefined)
    return undefined;
  if (host.includes(',') && !host.startsWith('/')) {
    problems.push(`POSTGRES_HOST="${host}" names several hosts; give one, the primary`);
    return undefined;
  }
  const secret = password === undefined || password === '' ? {} : { password: new Secret(password) };
  return { host, port, user, database, ...secret };
}

function readUrl(text: string, problems: string[]): ConnectionSettings | undefined {
  try {
    return connectionFromUrl(text, 'DATABASE_URL');
  } catch (error) {
    if (!isBackupError(error, 'CONFIG_INVALID')) throw error;
    problems.push(describeError(error));
    return undefined;
  }
}
