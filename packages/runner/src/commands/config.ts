import { EXIT, type ExitCode } from '../exit-code.ts';
import { table } from '../present/table.ts';
import { jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';

/** Implements `config`: prints the effective configuration, secrets redacted. */
export function config(
  { config: { effective }, io }: CommandContext,
  { json }: { readonly json: boolean },
): ExitCode {
  if (json) {
    io.stdout(jsonText(effective));
    return EXIT.done;
  }
  const columns = [{ title: 'VARIABLE' }, { title: 'VALUE' }, { title: 'FROM' }];
  io.stdout(
    table(
      columns,
      effective.map(({ name, value, origin }) => [name, value ?? '-', origin]),
    ),
  );
  return EXIT.done;
}
