import { toBackupError } from '../base/errors.ts';
import type { DiagnosticResult, DiagnosticLevel } from './diagnostic-check.ts';

/** Returns the result of a check that failed with this error, with the hint of the error. */
export function failedCheck(
  subject: string,
  error: unknown,
  level: DiagnosticLevel = 'fail',
): DiagnosticResult {
  const { message, details, hint } = toBackupError(error);
  return { subject, level, message, details, hint };
}
