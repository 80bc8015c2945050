import type { Finding } from '@geolens/backup-core';

const WORDS = { ok: 'OK  ', warn: 'WARN', fail: 'FAIL' } as const;

/** As wide as the longest concern is. */
const CONCERN_WIDTH = 'rights: large objects'.length;

/** One finding in a line, and its mend in a second one. */
export function findingText({ concern, level, message, mend }: Finding): string {
  const line = `${WORDS[level]}  ${concern.padEnd(CONCERN_WIDTH)}  ${message.replaceAll('\n', ' ')}\n`;
  return mend === undefined ? line : `${line}${' '.repeat(8 + CONCERN_WIDTH)}→ ${mend}\n`;
}

/** The last line. */
export function doctorSummary(findings: readonly Finding[]): string {
  const count = (level: Finding['level']): number =>
    findings.filter((finding) => finding.level === level).length;
  const [failed, warned] = [count('fail'), count('warn')];
  if (failed > 0)
    return `\n${failed} FAIL, ${warned} WARN: backups cannot be relied on until that is mended\n`;
  return warned > 0 ? `\n${warned} WARN, nothing FAILs\n` : '\nall is well\n';
}

export function doctorJson(findings: readonly Finding[]): Record<string, unknown> {
  return { ok: findings.every(({ level }) => level !== 'fail'), findings };
}
