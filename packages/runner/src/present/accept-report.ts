import type { AcceptedCopy, AcceptReport, RunTimestamp } from '@geolens/backup-core';
import { errorJson } from './hints.ts';
import type { Redact } from './redact.ts';

/** What was accepted, for a person, and by which set retention is suspended all the same. */
export function acceptReportText(
  { timestamp, accepted, acceptedTests = [] }: AcceptReport,
  suspendedBy: RunTimestamp | undefined,
): string {
  if (accepted.length + acceptedTests.length === 0)
    return `set ${timestamp} is not suspicious: nothing was changed\n`;
  const retention =
    suspendedBy === undefined ? 'goes on' : `stays suspended by the suspicious set ${suspendedBy}`;
  return [
    ...(accepted.length === 0
      ? []
      : [
          `set ${timestamp} is accepted (${copiesText(accepted)}): later sets are measured by it, and retention ${retention}\n`,
        ]),
    ...(acceptedTests.length === 0
      ? []
      : [`the failed restore test of set ${timestamp} is accepted (${copiesText(acceptedTests)})\n`]),
  ].join('');
}

function copiesText(copies: readonly AcceptedCopy[]): string {
  return copies.map(({ store, tier }) => `${tier}, ${store}`).join('; ');
}

/** The same for a machine. */
export function acceptReportJson(
  { errors, ...report }: AcceptReport,
  redact: Redact = (text) => text,
): Record<string, unknown> {
  return { ...report, errors: errors.map(errorJson(redact)) };
}
