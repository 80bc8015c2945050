import {
  BackupError,
  toBackupError,
  type ErrorCode,
  type ErrorReason,
  withReason,
} from '@geolens/backup-core';
import { messageOf } from '@geolens/backup-core/internal';
import type { ConnectionSettings } from './connection-settings.ts';

/** Returns server, database and user of the settings for messages, without the password. */
export function whereabouts({ host, port, database, user }: ConnectionSettings): string {
  return `${host}:${port}, database "${database}", user "${user}"`;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly reason?: ErrorReason;
  /** Defaults to the hint of the reason. */
  readonly hint?: string;
}

/** Hint if pg_dump, which locks every table, exhausts the server's locks. */
export const RAISE_LOCKS = 'Raise max_locks_per_transaction of the server, and restart it';

const UNREACHABLE: ErrorCode = 'DATABASE_UNREACHABLE';

/** Meanings by SQLSTATE or by the code of a system error. */
const MEANINGS = {
  ECONNREFUSED: { code: UNREACHABLE, reason: 'server-down' },
  ECONNRESET: { code: UNREACHABLE, hint: 'Look into the log of the server: it closed the connection' },
  EHOSTUNREACH: { code: UNREACHABLE, hint: 'Check the network between here and the server' },
  ENETUNREACH: { code: UNREACHABLE, hint: 'Check the network between here and the server' },
  ETIMEDOUT: { code: UNREACHABLE, reason: 'server-silent' },
  ENOTFOUND: { code: UNREACHABLE, reason: 'server-unknown' },
  EAI_AGAIN: { code: UNREACHABLE, reason: 'server-unknown' },
  ENOENT: { code: UNREACHABLE, reason: 'socket-missing' },
  EACCES: { code: UNREACHABLE, hint: 'Give this user access to the socket of the server' },
  '28P01': { code: UNREACHABLE, reason: 'password-wrong' },
  '28000': { code: UNREACHABLE, reason: 'user-refused' },
  '3D000': { code: UNREACHABLE, reason: 'database-missing' },
  '53300': {
    code: UNREACHABLE,
    hint: 'Raise max_connections of the server, or close other sessions: a backup needs three',
  },
  '57P03': { code: UNREACHABLE, hint: 'Wait until the server has started' },
  '57P01': { code: UNREACHABLE, hint: 'The server was shut down while it worked; the next run tries again' },
  '42501': {
    code: 'DATABASE_FORBIDDEN',
    hint: 'Grant the right, or back up as the owner of the database or a member of pg_read_all_data',
  },
  '55P03': {
    code: 'TABLES_BUSY',
    hint: 'Another session keeps the table locked; end it, or run again later',
  },
  '42P01': { code: 'TABLES_BUSY', hint: 'A table was dropped while the dump began; run again' },
} as const satisfies Readonly<Record<string, Meaning>>;
const BY_CODE = new Map<string, Meaning>(Object.entries(MEANINGS));

/** Converts the error of a failed connection; the message names the server. */
export function connectionError(error: unknown, settings: ConnectionSettings): BackupError {
  const known = postgresError(error, 'connecting', settings);
  if (known.hint !== undefined || known.code !== 'DUMP_FAILED') return known;
  const { code, reason, hint }: Meaning = TLS_WORDS.find(([words]) => words.test(known.message))?.[1] ?? {
    code: UNREACHABLE,
    hint: 'Check that a PostgreSQL server answers there, and look into its log',
  };
  // The words of the driver are about its arguments.
  const message = known.message.replace(
    /SASL: .*password must be a.*/,
    'the server asks for a password, and there is none',
  );
  return new BackupError(code, message, { ...withReason(reason, { hint }), cause: error });
}

/** Meanings of errors without SQLSTATE, which occur before or outside the server's messages. */
const TLS_WORDS: readonly (readonly [RegExp, Meaning])[] = [
  [/does not support SSL/i, { code: UNREACHABLE, reason: 'tls-unsupported' }],
  [/certificate|altname|self.signed/i, { code: UNREACHABLE, reason: 'server-certificate' }],
  [/client password must be a/i, { code: UNREACHABLE, reason: 'password-missing' }],
];

/** Returns the SQLSTATE of an error, or the code of a system error; `undefined` if it has none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Converts an error of `pg`; the message names the server. */
export function postgresError(error: unknown, doing: string, settings: ConnectionSettings): BackupError {
  if (error instanceof BackupError) return error;
  if (!(error instanceof Error)) return toBackupError(error);
  const meaning = worded(error.message) ?? BY_CODE.get(codeOf(error) ?? '') ?? timedOut(error);
  const text = `${doing} failed (${whereabouts(settings)}): ${messageOf(error)}`;
  return meant(meaning, text, error);
}

/**
 * Converts the stderr of a PostgreSQL client program. The programs print no SQLSTATE, so the text (LC_ALL=C)
 * decides.
 */
export function programError(said: string, doing: string, settings: ConnectionSettings): BackupError {
  const text = `${doing} failed (${whereabouts(settings)}): ${said}`;
  return meant(worded(said), text);
}

function meant(meaning: Meaning | undefined, text: string, cause?: unknown): BackupError {
  const { code, reason, hint } = meaning ?? { code: 'DUMP_FAILED' as const };
  return new BackupError(code, text, { ...withReason(reason, { hint }), cause });
}

const WORDS: readonly (readonly [RegExp, Meaning])[] = [
  // pg_dump may fail where our session did not: it reads certificates and password itself, and sends options.
  [
    /root certificate file|certificate verify failed|server certificate for/i,
    { code: UNREACHABLE, reason: 'server-certificate' },
  ],
  [/password authentication failed|no password supplied/i, MEANINGS['28P01']],
  [/no pg_hba\.conf entry/i, MEANINGS['28000']],
  [/unsupported startup parameter/i, { code: UNREACHABLE, reason: 'pooler' }],
  [
    /row-level security/i,
    {
      code: 'DATABASE_FORBIDDEN',
      hint: 'Give the role BYPASSRLS, or back up as the owner of the table or a superuser',
    },
  ],
  [
    /permission denied for large object/i,
    { code: 'DATABASE_FORBIDDEN', hint: 'Grant SELECT on it, or back up as its owner or a superuser' },
  ],
  [
    /invalid snapshot identifier/i,
    {
      code: UNREACHABLE,
      reason: 'pooler',
      hint: 'The session that held the snapshot was ended (see the log of the server), and the next run tries again; or a pooler lies between: connect to the server itself',
    },
  ],
  [/out of shared memory/i, { code: 'DUMP_FAILED', hint: RAISE_LOCKS }],
  [
    /conflict with recovery/i,
    {
      code: 'DUMP_FAILED',
      hint: 'Switch hot_standby_feedback on, or raise max_standby_streaming_delay, on the standby that is backed up',
    },
  ],
  [/permission denied|row-level security/i, MEANINGS['42501']],
  // pg_dump waits for locks under a statement timeout.
  [/canceling statement due to (?:lock|statement) timeout/i, MEANINGS['55P03']],
  [
    /server version mismatch/i,
    { code: 'CLIENT_TOO_OLD', hint: 'Install the client programs of the server’s version' },
  ],
  [/too many clients|remaining connection slots/i, MEANINGS['53300']],
  [
    /could not connect to database|connection to server|server closed the connection|terminating connection|no connection to the server/i,
    MEANINGS['57P01'],
  ],
];

function worded(said: string): Meaning | undefined {
  return WORDS.find(([words]) => words.test(said))?.[1];
}

function timedOut(error: Error): Meaning | undefined {
  if (/timeout expired|Query read timeout/.test(error.message)) return MEANINGS.ETIMEDOUT;
  return /Connection terminated|not queryable/.test(error.message) ? MEANINGS['57P01'] : undefined;
}
