import type { DiagnosticResult } from '@geolens/backup-core';
import { inspect } from '../doctor/inspect.ts';
import { hintFor } from '../present/hints.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { doctorJson, doctorSummary, diagnosticText } from '../present/doctor-report.ts';
import type { CommandContext } from '../services.ts';

/**
 * `doctor`: looks at everything that backups rest on, and says of each concern whether it is well, and what
 * to do if not.
 */
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
  io.stdout(json ? `${JSON.stringify(doctorJson(results), undefined, 2)}\n` : doctorSummary(results));
  return results.some(({ level }) => level === 'fail') ? EXIT.failed : EXIT.done;
}
