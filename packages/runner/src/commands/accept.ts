import { acceptSet, BackupError, parseTimestamp, planRetention, readSets } from '@geolens/backup-core';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { logError } from '../present/log-run.ts';
import { acceptReportJson, acceptReportText } from '../present/accept-report.ts';
import type { CommandContext } from '../services.ts';
import { checkFolder } from '../check-folder.ts';

/**
 * `accept`: a suspicious set is what it should be, or a failed restore test is known. A store that cannot be
 * asked does not keep the others from knowing.
 */
export async function accept(
  { config, services, io, log, redact, signal }: CommandContext,
  text: string,
  { json }: { readonly json: boolean },
): Promise<ExitCode> {
  const timestamp = parseTimestamp(text);
  if (timestamp === undefined) {
    throw new BackupError('CONFIG_INVALID', `accept ${text}: this is not the timestamp of a set`, {
      hint: 'Give one as geolens-backup list shows it, for example 20261122_020000',
    });
  }
  await checkFolder(config);
  const report = await acceptSet(services, { database: config.connection.database, timestamp, signal });
  for (const error of report.errors) logError(log, 'accept.failed', error);
  const sets = await readSets(services.primary, { signal });
  const { suspendedBy } = planRetention({
    sets,
    policy: services.retention,
    database: config.connection.database,
    now: services.clock.now(),
  });
  io.stdout(
    json
      ? `${JSON.stringify(acceptReportJson(report, redact), undefined, 2)}\n`
      : acceptReportText(report, suspendedBy?.timestamp),
  );
  return report.errors.length === 0 ? EXIT.done : EXIT.partly;
}
