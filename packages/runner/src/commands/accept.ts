import {
  acceptSet,
  BackupError,
  bytesOf,
  parseTimestamp,
  planRetention,
  readSets,
  rowsOf,
  type AcceptedCopy,
  type AcceptReport,
  type RunTimestamp,
  type StoredSet,
} from '@geolens/backup-core';
import { failedTestText } from '@geolens/backup-core/internal';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { confirmed } from '../present/confirm.ts';
import { logError } from '../present/logger.ts';
import { bytesText, countText, jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';
import { checkFolder } from '../config/check-folder.ts';
import { errorJson } from '../present/hints.ts';

interface AcceptFlags {
  readonly json: boolean;
  readonly revoke: boolean;
  readonly yes: boolean;
}

/**
 * Implements `accept`: accepts a suspicious set or a failed restore test, or revokes that. Asks on a terminal.
 * Continues if a store fails.
 */
export async function accept(
  context: CommandContext,
  text: string,
  { json, revoke, yes }: AcceptFlags,
): Promise<ExitCode> {
  const timestamp = parseTimestamp(text);
  if (timestamp === undefined) {
    throw new BackupError('CONFIG_INVALID', `accept ${text}: this is not the timestamp of a set`, {
      hint: 'Give one as geolens-backup list shows it, for example 20261122_020000',
    });
  }
  const { config, services, io, log, redact, signal } = context;
  await checkFolder(config);
  const confirm = (copies: readonly StoredSet[]): Promise<boolean> =>
    confirmed(context, questionOf(copies, revoke), yes);
  const { database } = config.connection;
  const report = await acceptSet(services, { database, timestamp, revoke, confirm, signal });
  for (const error of report.errors) logError(log, 'accept.failed', error);
  const sets = await readSets(services.primary, { signal });
  const { suspendedBy } = planRetention({
    sets,
    policy: services.retention,
    database,
    now: services.clock.now(),
  });
  io.stdout(
    json
      ? jsonText({ ...report, errors: report.errors.map(errorJson(redact)) })
      : acceptReportText(report, suspendedBy?.timestamp),
  );
  return report.errors.length === 0 ? EXIT.done : EXIT.partly;
}

/** Returns the question with what the operator accepts: the figures of the set, and its problems. */
function questionOf(copies: readonly StoredSet[], revoke: boolean): string {
  const [first] = copies;
  if (first === undefined) return '';
  const { set } = first;
  const rows = rowsOf(set.manifest);
  const figures = [bytesText(bytesOf(set)), ...(rows === undefined ? [] : [countText(rows, 'row')])].join(
    ', ',
  );
  const reasons = new Set(
    copies.flatMap(({ set: { manifest, suspicion, checks } }) => [
      ...((revoke ? manifest?.suspicion : suspicion)?.reasons ?? []),
      ...(checks.restoreTest?.outcome === 'failed' ? [failedTestText('it', checks.restoreTest)] : []),
    ]),
  );
  const consequence = revoke
    ? 'Revoke its acceptance? The set no longer counts, and retention removes nothing until a good set follows.'
    : 'Accept it as it is? Later sets are measured by it, and retention may remove the larger sets before it. Restore one of these first if data is lost.';
  return `set ${set.timestamp} (${copiesText(copies.map(({ store, set: { tier } }) => ({ store: store.name, tier })))}): ${figures}\n${[...reasons].map((reason) => `- ${reason}\n`).join('')}${consequence}`;
}

/** Returns the changed copies for people, and the set that still suspends retention. */
function acceptReportText(
  { timestamp, revoked, accepted, acceptedTests = [] }: AcceptReport,
  suspendedBy: RunTimestamp | undefined,
): string {
  if (accepted.length + acceptedTests.length === 0)
    return `set ${timestamp} is not ${revoked ? 'accepted' : 'suspicious'}: nothing was changed\n`;
  const retention =
    suspendedBy === undefined ? 'goes on' : `is suspended by the suspicious set ${suspendedBy}`;
  const [ofSets, ofTests] = [copiesText(accepted), copiesText(acceptedTests)];
  const setText = revoked
    ? `set ${timestamp} is suspicious again (${ofSets}), and retention ${retention}\n`
    : `set ${timestamp} is accepted (${ofSets}): later sets are measured by it, and retention ${retention}\n`;
  const testText = `the failed restore test of set ${timestamp} is ${revoked ? 'no longer accepted' : 'accepted'} (${ofTests})\n`;
  return `${accepted.length === 0 ? '' : setText}${acceptedTests.length === 0 ? '' : testText}`;
}

function copiesText(copies: readonly AcceptedCopy[]): string {
  return copies.map(({ store, tier }) => `${tier}, ${store}`).join('; ');
}
