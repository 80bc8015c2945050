/**
 * Codes of all errors of GeoLens Backup, with their meanings. A code is stable: programs may branch on it.
 * Messages may change.
 */
export const ERROR_CODES = {
  ABORTED: 'The work was asked to stop (SIGTERM, SIGINT, or the caller’s AbortSignal).',
  ARCHIVE_FAILED: 'The staging archive could not be made.',
  ARTIFACT_EXISTS: 'An artifact with this name is there already and must not be replaced.',
  ARTIFACT_MISMATCH: 'The bytes of an artifact are not those that were announced (length or SHA-256).',
  ARTIFACT_NOT_FOUND: 'The store has no artifact with this name.',
  ARTIFACT_UNREADABLE: 'A check read an artifact and found it damaged.',
  CLIENT_TOO_OLD: 'pg_dump is older than the server, which it therefore refuses to dump.',
  CONFIG_INVALID: 'One or more settings are missing or wrong.',
  DATABASE_FORBIDDEN: 'The database role lacks a right that a complete dump needs.',
  DATABASE_UNREACHABLE: 'The database server did not accept a connection.',
  DUMP_FAILED: 'The dump program failed.',
  ENCRYPTION_FAILED: 'A content could not be encrypted: the program refuses a recipient, or failed.',
  KEY_MISSING: 'Something is encrypted, and no given identity (private key) opens it.',
  LOCK_HELD: 'Another run, restore or prune is working on the same volume.',
  LOCK_LOST: 'The lock was lost while the work it covered went on, which was stopped for it.',
  MANIFEST_INVALID: 'A manifest or a state file is not valid JSON, or lacks a field.',
  MANIFEST_TOO_NEW: 'A manifest or a state file was written by a newer version, with a newer schemaVersion.',
  NOT_CONFIRMED:
    'A set has its names, but the disk did not confirm that it keeps them: a power cut may take them.',
  NOTIFICATION_FAILED: 'Nobody took a notification.',
  PROGRAM_ENDED:
    'A program was ended by another process, or for want of memory, before it had done its work.',
  PROGRAM_MISSING: 'A program that is needed (pg_dump, tar, flock …) is not installed.',
  PROGRAM_NOT_STARTED:
    'A program could not be started: this machine lacks memory, processes or file descriptors.',
  REPLICA_CONFLICT: 'A replica has a different set under the same name.',
  RESTORE_FAILED: 'A restore failed on its way.',
  RESTORE_REFUSED: 'A restore was not begun: something that it needs is missing.',
  RESTORE_TEST_FAILED:
    'A restore test failed: the artifacts are intact, but objects could not be restored, or an assertion does not hold.',
  SCHEDULE_INVALID: 'The cron expression or the time zone is wrong.',
  SET_NOT_FOUND: 'No set is there that fits what was asked for.',
  STAGING_FAILED: 'The staging archive could not be restored.',
  STALLED: 'Work made no progress for too long: a server, a store or a program went silent.',
  STORE_FAILED: 'Reading or writing a store failed.',
  STORE_FORBIDDEN: 'A store refuses an operation: the key is wrong, or lacks a right.',
  STORE_FULL: 'The volume of a store has no space left, or its quota is used up.',
  STORE_UNAVAILABLE:
    'A store cannot be reached or used at all: a folder or bucket is missing, a server does not answer.',
  TABLES_BUSY: 'Somebody locked, altered or dropped a table just when a dump wanted it.',
  UNEXPECTED: 'Something failed that nobody foresaw; the cause tells more.',
} as const;

/** Code of an error: a key of `ERROR_CODES`. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * All values of `reason` in the details of errors and check results, with their hints. A reason is stable and
 * identifies one situation, independent of the code. Hints may change.
 */
export const ERROR_REASONS = {
  'bucket-missing': 'Create the bucket, or correct its name (and the addressing style)',
  'bytes-changed': 'The store changes what it is sent; try another checksum, or another store',
  'compression-unsupported': 'Use auto or gzip:1',
  'credentials-missing': 'Give an access key and its secret, or give this machine a role',
  'credentials-wrong': 'Correct the access key and its secret',
  'database-empty': 'Make sure that this is the right server and database',
  'database-missing': 'Correct the name of the database',
  'dump-too-new': 'Install the client programs of the version that made it, or newer ones',
  'endpoint-certificate':
    'Correct the endpoint, or address buckets by path: the certificate is for another name',
  'endpoint-not-s3':
    'Correct the host and the port of the endpoint: another service answers there, such as a web console',
  'endpoint-path': 'Correct the endpoint: leave out the path behind host and port',
  'endpoint-protocol': 'Correct the endpoint: http and https are mixed up, or the port is',
  'endpoint-redirects': 'Correct the endpoint: it redirects elsewhere',
  'endpoint-silent': 'The store did not answer in time; check the network, or raise the timeout',
  'endpoint-unknown': 'Correct the endpoint, or the name service of this machine: no such host',
  'endpoint-unreachable': 'Check the endpoint and the network between here and the store',
  'file-unreadable': 'Name a file that is there',
  'identity-missing': 'Give an identity file: the private key of one of the recipients',
  'identity-wrong': 'Give the identity (private key) of one of the recipients',
  'live-database-differs':
    'The live database was changed and is not what the backup had: restore another set, or aside',
  'live-database-mixed':
    'The live database is a mix of old and new now: repair what the errors name, or restore aside',
  'manifest-damaged': 'Verify that set',
  'objects-not-restored':
    'The live database is as it was: keep going to restore everything else, or repair the objects in the source and back up again',
  'newest-set': 'Make a newer set first, or force the removal',
  'no-progress':
    'Check the other side and the network in between; if it works that long in silence, raise the limit',
  'not-suspicious': 'Only a set that is suspicious, or whose restore test failed, can be accepted',
  'object-too-large': 'The provider takes no object of this size: use as many parts as it allows, or ask it',
  'other-databases': 'Choose one of the databases that have sets',
  'password-missing': 'Give a password: the server asks for one',
  'password-wrong': 'Correct the user and the password',
  'place-shared': 'Give each installation a place of its own',
  pooler: 'Connect to the server itself, not through a connection pooler such as PgBouncer',
  'proxy-refuses': 'Correct the proxy, or except the host of the endpoint: the proxy refuses the connection',
  'region-wrong': 'Correct the region (and the endpoint): the bucket is in another region',
  'replica-changed': 'Find out who else writes there; read the other sets of that store in full',
  'role-passwords-forbidden': 'Back up as a superuser, or without passwords',
  'server-certificate':
    'Give the certificate of the server’s authority (sslrootcert), or ask for less (sslmode)',
  'server-down': 'Start the server, or correct its host and port',
  'server-silent': 'Check the host and the network: nothing answers there',
  'server-unknown': 'Correct the host, or the name service of this machine: no such host',
  'session-expired': 'Renew the session token, or use keys that last',
  'session-wrong': 'Correct the session token',
  'set-held': 'Release it first, or force the removal',
  'set-missing': 'List the sets that exist',
  'set-of-other-database': 'Choose one of the databases that have the set',
  'socket-missing': 'Start the server, or correct the host: its socket is not there',
  'store-too-large':
    'Move what is not of this installation, or the oldest sets, elsewhere; find out who else writes there',
  'tls-unsupported': 'Switch TLS on in the server, or ask for less (sslmode)',
  'user-refused': 'Correct the user, or let the server accept it in pg_hba.conf',
  'volume-full': 'Free some space, enlarge the volume, or keep fewer sets; no set was lost',
  'volume-read-only': 'Mount it writable',
} as const;

/** Reason of an error: a key of `ERROR_REASONS`. */
export type ErrorReason = keyof typeof ERROR_REASONS;

/** Plain values that identify the situation of an error for programs. */
export interface ErrorDetails {
  /** Distinguishes situations that share a code. */
  readonly reason?: ErrorReason | undefined;
  /** Databases that have sets. */
  readonly databases?: readonly string[] | undefined;
  /** Timestamp of the set. */
  readonly timestamp?: string | undefined;
  /** Label of the source of a refused restore. */
  readonly source?: string | undefined;
  /** Obstacles to a restore, one sentence each. */
  readonly problems?: readonly string[] | undefined;
  /** Problems of a restore that `force` overrides. */
  readonly overridable?: readonly string[] | undefined;
}

/** Properties of an error besides its code and its message. */
export interface BackupErrorOptions {
  /** Defaults to none. */
  readonly details?: ErrorDetails | undefined;
  /** Advice that is valid in any embedding program: one sentence. */
  readonly hint?: string | undefined;
  /** The error that caused it. */
  readonly cause?: unknown;
}

/** Base of all errors. The message names what failed and why. It never contains secrets. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  /** Identifies the error for programs. Stable across versions. */
  readonly code: ErrorCode;
  /** Identifies the situation for programs. Empty if the code is enough. */
  readonly details: ErrorDetails;
  /** What the operator should do. `undefined` if there is no advice. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, { details = {}, hint, cause }: BackupErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
    this.hint = hint;
  }
}

/**
 * Returns error options with this reason, and the hint of the reason by default. A separate function, so that
 * bundles without reasons do not contain all hints.
 */
export function withReason(
  reason: ErrorReason | undefined,
  {
    hint = reason && ERROR_REASONS[reason],
    ...details
  }: ErrorDetails & { readonly hint?: string | undefined } = {},
): Required<Pick<BackupErrorOptions, 'details' | 'hint'>> {
  return { details: reason === undefined ? details : { ...details, reason }, hint };
}

/** Returns the message of an error, followed by its hint if there is one. */
export function errorText(error: unknown): string {
  const { message, hint } = toBackupError(error);
  return hint === undefined ? message : `${message}. ${hint}`;
}

/** Returns whether the error is a BackupError. If codes are given, it must have one of them. */
export function isBackupError(error: unknown, ...codes: ErrorCode[]): error is BackupError {
  return error instanceof BackupError && (codes.length === 0 || codes.includes(error.code));
}

/** Returns the error if it is a BackupError. Otherwise returns an UNEXPECTED error with it as the cause. */
export function toBackupError(error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new BackupError('ABORTED', 'the work was stopped before its end', { cause: error });
  }
  return new BackupError('UNEXPECTED', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

/**
 * Throws if the signal has fired.
 * @throws BackupError ABORTED, or the reason of the signal if that is a BackupError
 */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedBy(signal);
}

/** Returns the error for a signal that has fired: its reason if that is a BackupError, otherwise ABORTED. */
export function abortedBy(signal: AbortSignal): BackupError {
  const reason: unknown = signal.reason;
  if (reason instanceof BackupError) return reason;
  return new BackupError('ABORTED', 'the work was stopped before its end', { cause: reason });
}

/** Returns the message of an error. Joins the errors of an AggregateError if its message is empty. */
export function messageOf(error: Error): string {
  // Node throws one without a message if a name has several addresses and none responds.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(String).join('; ');
  return error.message;
}
