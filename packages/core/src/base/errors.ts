/**
 * Every code that an error of GeoLens Backup can carry, with what it means.
 * A code is stable: programs may branch on it. Messages may change.
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
  LOCK_HELD: 'Another run, restore or prune is working on the same volume.',
  LOCK_LOST: 'The lock was lost while the work it covered went on, which was stopped for it.',
  MANIFEST_INVALID: 'A manifest is not valid JSON, or lacks a field.',
  MANIFEST_TOO_NEW: 'A manifest was written by a newer version, with a newer schemaVersion.',
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
  SCHEDULE_INVALID: 'The cron expression or the time zone is wrong.',
  SET_NOT_FOUND: 'No set is there that fits what was asked for.',
  STAGING_FAILED: 'The staging archive could not be restored.',
  STORE_FAILED: 'Reading or writing a store failed.',
  STORE_FORBIDDEN: 'A store refuses an operation: the key is wrong, or lacks a right.',
  STORE_FULL: 'The volume of a store has no space left, or its quota is used up.',
  STORE_UNAVAILABLE:
    'A store cannot be reached or used at all: a folder or bucket is missing, a server does not answer.',
  TABLES_BUSY: 'Somebody locked, altered or dropped a table just when a dump wanted it.',
  UNEXPECTED: 'Something failed that nobody foresaw; the cause tells more.',
} as const;

/** A code of an error: a key of ERROR_CODES. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What an error has besides its code and its message. */
export interface BackupErrorOptions {
  /** What the operator can do about it: one sentence, imperative. */
  readonly hint?: string;
  /** What it came of. */
  readonly cause?: unknown;
}

/**
 * The one family of errors. The message says what is wrong with which variable, file or server,
 * and ends with the hint when there is one. It never contains a secret.
 */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  /** What went wrong, for programs: it stays the same from version to version. */
  readonly code: ErrorCode;
  /** The hint alone, for callers that lay out their own text. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: BackupErrorOptions = {}) {
    super(
      options.hint === undefined ? message : `${message}. ${options.hint}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.hint = options.hint;
  }
}

/** The message of an error without its hint, to be part of another sentence. */
export function withoutHint({ message, hint }: BackupError): string {
  return hint === undefined ? message : message.slice(0, -`. ${hint}`.length);
}

/** True for a BackupError, of one of the given codes when any are given. */
export function isBackupError(error: unknown, ...codes: ErrorCode[]): error is BackupError {
  return error instanceof BackupError && (codes.length === 0 || codes.includes(error.code));
}

/** The error itself when it is a BackupError, otherwise one with code UNEXPECTED that has it as its cause. */
export function toBackupError(error: unknown): BackupError {
  if (error instanceof BackupError) return error;
  if (error instanceof Error && error.name === 'AbortError') {
    return new BackupError('ABORTED', 'the work was stopped before its end', { cause: error });
  }
  return new BackupError('UNEXPECTED', error instanceof Error ? error.message : String(error), {
    cause: error,
  });
}

/** Throws ABORTED when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedBy(signal);
}

/** The error to throw for a signal that has fired: its reason when that is a BackupError, else ABORTED. */
export function abortedBy(signal: AbortSignal): BackupError {
  const reason: unknown = signal.reason;
  if (reason instanceof BackupError) return reason;
  return new BackupError('ABORTED', 'the work was stopped before its end', { cause: reason });
}
