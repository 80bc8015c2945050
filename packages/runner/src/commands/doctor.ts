import type { DiagnosticResult } from '@geolens/backup-core/internal';
import { inspect } from '../doctor/inspect.ts';
import { hintFor } from '../present/hints.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';

/** Implements `doctor`: inspects the installation and prints the result and the hint of each check. */
export async function doctor(
  context: CommandContext,
  { json }: { readonly json: boolean },
): Promise<ExitCode> {
  const { io, redact } = context;
  const results: DiagnosticResult[] = [];
  for await (const { message, details, hint: neutral, ...result } of inspect(context)) {
    const hint = hintFor({ details, hint: neutral });
    const clean = { ...result, message: redact(message), ...(hint !== undefined && { hint: redact(hint) }) };
    results.push(clean);
    if (!json) io.stdout(diagnosticText(clean));
  }
  const ok = results.every(({ level }) => level !== 'fail');
  io.stdout(json ? jsonText({ ok, results }) : doctorSummary(results));
  return ok ? EXIT.done : EXIT.failed;
}

const WORDS = { ok: 'OK  ', warn: 'WARN', fail: 'FAIL' } as const;

/** Width of the longest subject. */
const SUBJECT_WIDTH = 'rights: large objects'.length;

/** Returns a check result in one line, and its hint in a second one. */
function diagnosticText({ subject, level, message, hint }: DiagnosticResult): string {
  const line = `${WORDS[level]}  ${subject.padEnd(SUBJECT_WIDTH)}  ${message.replaceAll('\n', ' ')}\n`;
  return hint === undefined ? line : `${line}${' '.repeat(8 + SUBJECT_WIDTH)}→ ${hint}\n`;
}

/** Returns the last line of the report. */
function doctorSummary(results: readonly DiagnosticResult[]): string {
  const count = (level: DiagnosticResult['level']): number =>
    results.filter((result) => result.level === level).length;
  const [failed, warned] = [count('fail'), count('warn')];
  if (failed > 0)
    return `\n${failed} FAIL, ${warned} WARN: backups cannot be relied on until that is repaired\n`;
  return warned > 0 ? `\n${warned} WARN, nothing FAILs\n` : '\nall is well\n';
}
