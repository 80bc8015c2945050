import type { Finding } from '@geolens/backup-core';
import { examine } from '../doctor/examine.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { doctorJson, doctorSummary, findingText } from '../report/doctor-report.ts';
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
  const findings: Finding[] = [];
  for await (const { message, mend, ...finding } of examine(context)) {
    const clean = { ...finding, message: redact(message), ...(mend !== undefined && { mend: redact(mend) }) };
    findings.push(clean);
    if (!json) io.stdout(findingText(clean));
  }
  io.stdout(json ? `${JSON.stringify(doctorJson(findings), undefined, 2)}\n` : doctorSummary(findings));
  return findings.some(({ level }) => level === 'fail') ? EXIT.failed : EXIT.done;
}
