import { checkFolder } from '../config/check-folder.ts';
import { currentHealth, healthJson, healthText } from '../status/health.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';

/** Implements `health`: checks the age of the last success. Reads only the volume. */
export async function health(
  context: CommandContext,
  { json }: { readonly json: boolean },
): Promise<ExitCode> {
  const { config, io, redact } = context;
  await checkFolder(config);
  const found = await currentHealth(context);
  io.stdout(redact(json ? jsonText(healthJson(found)) : healthText(found)));
  return found.healthy ? EXIT.done : EXIT.failed;
}
