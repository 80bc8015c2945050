import { toBackupError, withoutMend } from './errors.ts';
import type { Finding, FindingLevel } from './ports/examiner.ts';

/** The finding that something went wrong, with the error's own mend. */
export function failedFinding(concern: string, error: unknown, level: FindingLevel = 'fail'): Finding {
  const failure = toBackupError(error);
  return { concern, level, message: withoutMend(failure), mend: failure.mend };
}
