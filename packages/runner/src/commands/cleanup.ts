import { cleanUpKept, type Kept } from '@geolens/backup-core';
import { checkFolder } from '../config/check-folder.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { confirmed } from '../present/confirm.ts';
import { errorJson } from '../present/hints.ts';
import { ageOf } from '../present/kept.ts';
import { logError } from '../present/logger.ts';
import { table } from '../present/table.ts';
import { bytesText, jsonText, roughDurationText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';

export interface CleanupFlags {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

/** Implements `cleanup`: removes the databases and folders that restores kept. */
export async function cleanup(
  context: CommandContext,
  { dryRun, yes, json }: CleanupFlags,
): Promise<ExitCode> {
  const { config, services, io, log, redact, signal } = context;
  await checkFolder(config);
  const request = { database: config.connection.database, folder: config.stagingDir, dryRun };
  const now = services.clock.now();
  const { kept, removed, warnings, errors } = await cleanUpKept(services, request, {
    signal,
    confirm: (found) => confirmed(context, `${keptText(found, now)}Remove all of them?`, yes),
  });
  for (const warning of warnings) log.warn('cleanup.kept', warning);
  for (const error of errors) logError(log, 'cleanup.failed', error);
  const withAge = kept.map((one) => ({ ...one, ageSeconds: Math.floor(ageOf(one, now) / 1000) }));
  io.stdout(
    json
      ? jsonText({ kept: withAge, removed, errors: errors.map(errorJson(redact)) })
      : keptText(kept, now, dryRun ? undefined : removed),
  );
  return errors.length + (dryRun ? 0 : kept.length - removed.length) === 0 ? EXIT.done : EXIT.partly;
}

/** Returns a table of kept content. Adds what was removed if `removed` is given. */
function keptText(kept: readonly Kept[], now: Date, removed?: readonly string[]): string {
  if (kept.length === 0) return 'restores have kept nothing\n';
  return table(
    [
      { title: 'KEPT' },
      { title: 'NAME' },
      { title: 'AGE', align: 'right' },
      { title: 'SIZE', align: 'right' },
      ...(removed === undefined ? [] : [{ title: 'RESULT' }]),
    ],
    kept.map((one) => [
      one.kind,
      one.name,
      roughDurationText(ageOf(one, now)),
      one.bytes === undefined ? '-' : bytesText(one.bytes),
      ...(removed === undefined ? [] : [removed.includes(one.name) ? 'removed' : 'stays']),
    ]),
  );
}
