import {
  acceptSet,
  BackupError,
  parseTimestamp,
  planRetention,
  readSets,
  type AcceptedCopy,
  type AcceptReport,
  type RunTimestamp,
} from '@geolens/backup-core';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { logError } from '../present/logger.ts';
import { jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';
import { checkFolder } from '../config/check-folder.ts';
import { errorJson } from '../present/hints.ts';

/** Implements `accept`: accepts a suspicious set or a failed restore test. Continues if a store fails. */
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
      ? jsonText({ ...report, errors: report.errors.map(errorJson(redact)) })
      : acceptReportText(report, suspendedBy?.timestamp),
  );
  return report.errors.length === 0 ? EXIT.done : EXIT.partly;
}

/** Returns the accepted copies for people, and the set that still suspends retention. */
function acceptReportText(
  { timestamp, accepted, acceptedTests = [] }: AcceptReport,
  suspendedBy: RunTimestamp | undefined,
): string {
  if (accepted.length + acceptedTests.length === 0)
    return `set ${timestamp} is not suspicious: nothing was changed\n`;
  const retention =
    suspendedBy === undefined ? 'goes on' : `stays suspended by the suspicious set ${suspendedBy}`;
  const ofSet = `set ${timestamp} is accepted (${copiesText(accepted)}): later sets are measured by it, and retention ${retention}\n`;
  const ofTest = `the failed restore test of set ${timestamp} is accepted (${copiesText(acceptedTests)})\n`;
  return `${accepted.length === 0 ? '' : ofSet}${acceptedTests.length === 0 ? '' : ofTest}`;
}

function copiesText(copies: readonly AcceptedCopy[]): string {
  return copies.map(({ store, tier }) => `${tier}, ${store}`).join('; ');
}
