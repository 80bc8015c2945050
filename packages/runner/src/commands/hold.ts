import { BackupError, holdSet, parseTimestamp, type Hold, type HoldReport } from '@geolens/backup-core';
import { checkFolder } from '../config/check-folder.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { errorJson } from '../present/hints.ts';
import { logError } from '../present/logger.ts';
import { jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';

interface HoldFlags {
  readonly json: boolean;
  readonly note?: string;
  readonly until?: string;
}

/** Implements `hold`: keeps a set from being removed. */
export async function hold(
  context: CommandContext,
  set: string,
  { json, note, until }: HoldFlags,
): Promise<ExitCode> {
  return change(context, set, { ...(note !== undefined && { note }), ...endOf(until) }, json);
}

/** Implements `release`: ends the hold of a set. */
export async function release(
  context: CommandContext,
  set: string,
  { json }: Pick<HoldFlags, 'json'>,
): Promise<ExitCode> {
  return change(context, set, undefined, json);
}

async function change(
  context: CommandContext,
  set: string,
  wanted: Omit<Hold, 'at'> | undefined,
  json: boolean,
): Promise<ExitCode> {
  const timestamp = parseTimestamp(set);
  if (timestamp === undefined)
    throw new BackupError('CONFIG_INVALID', `${set} is not the timestamp of a set`, {
      hint: 'Give one as geolens-backup list shows it, for example 20261122_020000',
    });
  const { config, services, io, log, redact, signal } = context;
  await checkFolder(config);
  const { database } = config.connection;
  const report = await holdSet(services, { database, timestamp, hold: wanted, signal });
  for (const error of report.errors) logError(log, 'hold.failed', error);
  io.stdout(
    json ? jsonText({ ...report, errors: report.errors.map(errorJson(redact)) }) : holdReportText(report),
  );
  return report.errors.length === 0 ? EXIT.done : EXIT.partly;
}

/** Returns the end of a hold: the start of a day, UTC. */
function endOf(until: string | undefined): Pick<Hold, 'until'> {
  if (until === undefined) return {};
  const date = /^\d{4}-\d\d-\d\d$/.test(until) ? Date.parse(`${until}T00:00:00Z`) : NaN;
  if (Number.isNaN(date))
    throw new BackupError('CONFIG_INVALID', `--until ${until} is not a date such as 2027-11-29`);
  return { until: new Date(date).toISOString() };
}

function holdReportText({ timestamp, hold: held, changed }: HoldReport): string {
  const places = changed.map(({ store, tier }) => `${tier}, ${store}`).join('; ');
  if (held === undefined) return `set ${timestamp} is released (${places}): retention applies to it again\n`;
  const end = held.until === undefined ? '' : ` until ${held.until.slice(0, 10)}`;
  return `set ${timestamp} is held${end} (${places}): retention does not remove it and does not count it\n`;
}
