import { failedChecks } from '../model/failed-checks.ts';
import type { BackupSet } from '../model/backup-set.ts';

/** Why a set should not be trusted: it is not whole, or a check found it bad. */
export function warningsOf({
  state,
  problems,
  manifest,
}: Pick<BackupSet, 'state' | 'problems' | 'manifest'>): readonly string[] {
  return [
    ...(state === 'partial' ? problems.map((problem) => `it is partial: ${problem}`) : []),
    ...failedChecks(manifest?.checks ?? {}),
  ];
}
