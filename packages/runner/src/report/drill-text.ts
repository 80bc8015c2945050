import type { DrillReport } from '@geolens/backup-core';

/** What a drill showed, for a person: a line, and one for each thing that was seen. */
export function drillText({ verdict, reasons, facts, serverVersion }: DrillReport): string {
  const where = serverVersion === undefined ? '' : ` in a scratch PostgreSQL ${serverVersion}`;
  const head = { proven: `restored${where}`, disproven: `restored${where}, and NOT what was backed up`, unprovable: 'cannot be proven here' }[verdict];
  return [`${head}:`, ...[...facts, ...reasons].map((line) => `  - ${line}`), ''].join('\n');
}
