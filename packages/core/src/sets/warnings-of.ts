import { failedChecks } from '../model/failed-checks.ts';
import type { BackupSet } from '../model/backup-set.ts';

/** Why a set should not be trusted: it is not whole, or a check found it bad. */
export function warningsOf({
  state,
  problems,
  checks,
}: Pick<BackupSet, 'state' | 'problems' | 'checks'>): readonly string[] {
  return [
    ...(state === 'partial' ? problems.map((problem) => `it is partial: ${problem}`) : []),
    ...failedChecks(checks),
  ];
}
