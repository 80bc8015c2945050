import type { RestoreTestReport } from '@geolens/backup-core';

/** What a restore test showed, for a person: what is wrong first, and what was well besides. */
export function restoreTestText({
  outcome,
  reasons,
  facts,
  serverVersion,
  isolated,
}: RestoreTestReport): string {
  const where = serverVersion === undefined ? '' : ` in a temporary PostgreSQL ${serverVersion}`;
  const head = {
    passed: `restored${where}${isolated === false ? ', not isolated' : ''}`,
    failed: `restored${where}, and NOT what was backed up`,
    inconclusive: 'the restore test is inconclusive',
    skipped: 'the restore test was skipped',
  }[outcome];
  const well = outcome === 'failed' ? facts.map((fact) => `well: ${fact}`) : facts;
  return [`${head}:`, ...[...reasons, ...well].map((line) => `  - ${line}`), ''].join('\n');
}
