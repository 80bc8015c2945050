import type { RestoreTestReport } from '@geolens/backup-core';

/** What a restore test showed, for a person: what is wrong first, and what was well besides. */
export function restoreTestText({
  outcome,
  reasons,
  facts,
  serverVersion,
  damaged,
  isolated,
}: RestoreTestReport): string {
  const where = serverVersion === undefined ? '' : ` in a temporary PostgreSQL ${serverVersion}`;
  const head = {
    passed: `restored${where}${isolated === false ? ', not isolated' : ''}`,
    failed: damaged
      ? `restored${where}, and NOT what was backed up`
      : `the restore test${where} FAILED: the artifacts are intact, but the restored database is not as expected`,
    inconclusive: 'the restore test is inconclusive',
    skipped: 'the restore test was skipped',
  }[outcome];
  const well = outcome === 'failed' ? facts.map((fact) => `well: ${fact}`) : facts;
  return [`${head}:`, ...[...reasons, ...well].map((line) => `  - ${line}`), ''].join('\n');
}
