import type { DiagnosticResult } from '@geolens/backup-core';

const WORDS = { ok: 'OK  ', warn: 'WARN', fail: 'FAIL' } as const;

/** As wide as the longest concern is. */
const SUBJECT_WIDTH = 'rights: large objects'.length;

/** One finding in a line, and its hint in a second one. */
export function diagnosticText({ subject, level, message, hint }: DiagnosticResult): string {
  const line = `${WORDS[level]}  ${subject.padEnd(SUBJECT_WIDTH)}  ${message.replaceAll('\n', ' ')}\n`;
  return hint === undefined ? line : `${line}${' '.repeat(8 + SUBJECT_WIDTH)}→ ${hint}\n`;
}

/** The last line. */
export function doctorSummary(results: readonly DiagnosticResult[]): string {
  const count = (level: DiagnosticResult['level']): number =>
    results.filter((result) => result.level === level).length;
  const [failed, warned] = [count('fail'), count('warn')];
  if (failed > 0)
    return `\n${failed} FAIL, ${warned} WARN: backups cannot be relied on until that is repaired\n`;
  return warned > 0 ? `\n${warned} WARN, nothing FAILs\n` : '\nall is well\n';
}

export function doctorJson(results: readonly DiagnosticResult[]): Record<string, unknown> {
  return { ok: results.every(({ level }) => level !== 'fail'), results };
}
