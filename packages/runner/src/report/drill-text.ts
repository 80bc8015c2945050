import type { DrillReport } from '@geolens/backup-core';

/** What a drill showed, for a person: what is wrong first, and what was well besides. */
export function drillText({ verdict, reasons, facts, serverVersion }: DrillReport): string {
  const where = serverVersion === undefined ? '' : ` in a scratch PostgreSQL ${serverVersion}`;
  const head = {
    proven: `restored${where}`,
    disproven: `restored${where}, and NOT what was backed up`,
    unprovable: 'cannot be proven here',
  }[verdict];
  const well = verdict === 'disproven' ? facts.map((fact) => `well: ${fact}`) : facts;
  return [`${head}:`, ...[...reasons, ...well].map((line) => `  - ${line}`), ''].join('\n');
}
