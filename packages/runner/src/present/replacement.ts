import { rowsOf, timestampToDate, type RestorePlan } from '@geolens/backup-core';
import { countText, localTimeText, roughDurationText } from './units.ts';

/**
 * Returns what replaces what: `set of 2026-11-29 02:00 UTC, 18 h old, 2,650,000 rows, replaces database
 * "geolens", about 2,640,000 rows`.
 */
export function replacementText(
  { source, mode, database, exists, liveRows, stagingTo }: RestorePlan,
  now: Date,
): string {
  const { timestamp, manifest, label } = source;
  const rows = mode.kind === 'files' ? undefined : rowsOf(manifest);
  const made = timestamp && timestampToDate(timestamp);
  const age = made && roughDurationText(Math.max(0, now.getTime() - made.getTime()));
  const set = [
    made === undefined ? label : `set of ${localTimeText(made, 'UTC')} UTC, ${age ?? '?'} old`,
    ...(rows === undefined ? [] : [countText(rows, 'row')]),
  ].join(', ');
  if (mode.kind === 'files') return `${set}, replaces the files in ${stagingTo ?? '?'}`;
  if (!exists) return `${set}, becomes database "${database}", which does not exist`;
  const verb = mode.kind === 'tables' ? 'replaces tables of' : 'replaces';
  const live = liveRows === undefined ? '' : `, about ${countText(liveRows, 'row')}`;
  return `${set}, ${verb} database "${database}"${live}`;
}
