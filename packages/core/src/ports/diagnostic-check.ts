import { toBackupError, type ErrorDetails } from '../base/errors.ts';

/**
 * Severity of a check result.
 *
 * - `ok`: no problem;
 * - `warn`: backups work, but the operator should act;
 * - `fail`: backups fail or are not reliable.
 */
export type DiagnosticLevel = 'ok' | 'warn' | 'fail';

/** Result of a check on one subject of an installation. */
export interface DiagnosticResult {
  /** One to three words, stable between inspections: `s3 put`. */
  readonly subject: string;
  readonly level: DiagnosticLevel;
  /** The observation, in one sentence without a full stop. */
  readonly message: string;
  /** Bytes of content that each set will hold, before compression. `undefined` if the check finds none. */
  readonly contentBytes?: number | undefined;
  /** Identifies the situation for programs. Defaults to none. */
  readonly details?: ErrorDetails | undefined;
  /** What the operator should do. `undefined` if there is no problem. Valid in any embedding program. */
  readonly hint?: string | undefined;
}

/**
 * Inspects one part of an installation. A failed inspection is itself a result. Rejects only when the signal
 * fires.
 */
export interface DiagnosticCheck {
  /** Inspects without lasting changes. Removes what it has to create for a trial. */
  inspect(options: { readonly signal: AbortSignal }): Promise<readonly DiagnosticResult[]>;
}

/** Returns the result of a check that depends on a failed one. A fault is a failure of one check only. */
export function notChecked(subject: string, failed: string): DiagnosticResult {
  return { subject, level: 'warn', message: `not checked, because ${failed} failed` };
}

/** Returns the result of a check that failed with this error, including the hint of the error. */
export function failedCheck(
  subject: string,
  error: unknown,
  level: DiagnosticLevel = 'fail',
): DiagnosticResult {
  const { message, details, hint } = toBackupError(error);
  return { subject, level, message, details, hint };
}
