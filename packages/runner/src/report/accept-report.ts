import type { AcceptReport, RunTimestamp } from '@geolens/backup-core';
import { errorJson } from '../present/hints.ts';
import type { Redact } from '../redact.ts';

/** What was accepted, for a person, and by which set retention is suspended all the same. */
export function acceptReportText(
  { timestamp, accepted }: AcceptReport,
  suspendedBy: RunTimestamp | undefined,
): string {
  if (accepted.length === 0) return `set ${timestamp} is not suspicious: nothing was changed\n`;
  return `set ${timestamp} is accepted (${accepted.map(({ store, tier }) => `${tier}, ${store}`).join('; ')}): later sets are measured by it, and retention ${suspendedBy === undefined ? 'goes on' : `stays suspended by the suspicious set ${suspendedBy}`}\n`;
}

/** The same for a machine. */
export function acceptReportJson(
  { errors, ...report }: AcceptReport,
  redact: Redact = (text) => text,
): Record<string, unknown> {
  return { ...report, errors: errors.map(errorJson(redact)) };
}
