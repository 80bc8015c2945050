import { damageIn } from '../model/damage.ts';
import type { BackupSet } from '../model/backup-set.ts';

/** Why a set should not be trusted: it is not whole, or a check found damage. */
export function warningsOf({
  state,
  problems,
  checks,
}: Pick<BackupSet, 'state' | 'problems' | 'checks'>): readonly string[] {
  return [
    ...(state === 'partial' ? problems.map((problem) => `it is partial: ${problem}`) : []),
    ...damageIn(checks),
  ];
}
