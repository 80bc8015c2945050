import { bytesOf, rowsOf, timestampToDate, type BackupSet } from '@geolens/backup-core';
import { bytesText, durationText, numberText } from './units.ts';
import { table } from './table.ts';

/** A set and the store that it was found in. */
export interface FoundSet {
  readonly store: string;
  readonly set: BackupSet;
}

/** The sets for a person, one a line, newest first. */
export function setListText(found: readonly FoundSet[], now: Date): string {
  if (found.length === 0) return 'no sets yet\n';
  const rows = found.map(({ store, set }) => [
    set.timestamp,
    set.tier,
    store,
    durationText(Math.max(0, now.getTime() - timestampToDate(set.timestamp).getTime())),
    bytesText(bytesOf(set)),
    numberOrDash(set.state === 'complete' ? rowsOf(set.manifest) : undefined),
    set.database ?? '-',
    verifiedText(set),
    set.state === 'partial' ? `partial: ${set.problems.join('; ')}` : set.state,
  ]);
  return table(
    [
      { title: 'SET' },
      { title: 'TIER' },
      { title: 'STORE' },
      { title: 'AGE', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'ROWS', align: 'right' },
      { title: 'DATABASE' },
      { title: 'VERIFIED' },
      { title: 'STATE' },
    ],
    rows,
  );
}

/** The sets for a machine. */
export function setListJson(found: readonly FoundSet[], now: Date): readonly Record<string, unknown>[] {
  return found.map(({ store, set }) => ({
    timestamp: set.timestamp,
    time: timestampToDate(set.timestamp).toISOString(),
    tier: set.tier,
    store,
    database: set.database,
    state: set.state,
    problems: set.problems,
    bytes: bytesOf(set),
    ageSeconds: Math.max(0, Math.round((now.getTime() - timestampToDate(set.timestamp).getTime()) / 1000)),
    rows: rowsOf(set.manifest),
    checks: set.manifest?.checks ?? {},
    artifacts: set.artifacts,
  }));
}

/** The strongest check that the set has passed. */
function verifiedText({ manifest, state }: BackupSet): string {
  if (state !== 'complete') return 'unverified'; // what was checked is not what is there now
  const { restored, readable, checksum } = manifest?.checks ?? {};
  if (restored?.ok === true) return 'restored';
  if (readable?.ok === true) return 'readable';
  return checksum?.ok === true ? 'checksum' : 'unverified';
}

function numberOrDash(value: number | undefined): string {
  return value === undefined ? '-' : numberText(value);
}
