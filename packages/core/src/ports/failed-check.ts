import { toBackupError, withoutHint } from '../base/errors.ts';
import type { DiagnosticResult, DiagnosticLevel } from './diagnostic-check.ts';

/** Returns the result of a check that failed with this error, with the hint of the error. */
export function failedCheck(
  subject: string,
  error: unknown,
  level: DiagnosticLevel = 'fail',
): DiagnosticResult {
  const failure = toBackupError(error);
  return { subject, level, message: withoutHint(failure), hint: failure.hint };
}
