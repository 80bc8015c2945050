import { toBackupError, type ErrorDetails } from '../base/errors.ts';

/**
 * - `ok`: as it should be;
 * - `warn`: backups are made, and somebody should look at this all the same;
 * - `fail`: backups cannot be made, or cannot be relied on.
 */
export type DiagnosticLevel = 'ok' | 'warn' | 'fail';

/** What was found out about one concern of an installation. */
export interface DiagnosticResult {
  /** A word or three, the same at every look: `s3 put`. */
  readonly subject: string;
  readonly level: DiagnosticLevel;
  /** What was seen, in one sentence without a full stop. */
  readonly message: string;
  /** Identifies the situation for programs. Defaults to none. */
  readonly details?: ErrorDetails | undefined;
  /** What to do about it; only where it is not well. True for any embedding program. */
  readonly hint?: string | undefined;
}

/**
 * Looks at one part of an installation: what could not be looked at is a finding too. Rejects only when the
 * signal fires.
 */
export interface DiagnosticCheck {
  /** Leaves everything as it was, but for what has to be tried to be known; that it takes away again. */
  inspect(options: { readonly signal: AbortSignal }): Promise<readonly DiagnosticResult[]>;
}

/** Returns the result of a check that failed with this error, with the hint of the error. */
export function failedCheck(
  subject: string,
  error: unknown,
  level: DiagnosticLevel = 'fail',
): DiagnosticResult {
  const { message, details, hint } = toBackupError(error);
  return { subject, level, message, details, hint };
}
