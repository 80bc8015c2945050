import { bytesOf, type BackupSet, type Finding } from '@geolens/backup-core';
import { bytesText, countText } from '../report/units.ts';

/** A set may be larger than the one before, and another one may be due before anybody looks. */
const TIGHT_SETS = 3;
const MARGIN = 1.2;

export interface SpaceRequest {
  readonly folder: string;
  readonly freeBytes: number;
  /** Of our database, newest first. */
  readonly sets: readonly BackupSet[];
}

/**
 * Whether there is room for the next set, judged by the newest one: retention makes room after it, not
 * before.
 */
export function spaceFinding({ folder, freeBytes, sets }: SpaceRequest): Finding {
  const concern = 'space';
  const newest = sets.find(({ tier, state }) => tier === 'daily' && state !== 'partial');
  const free = `${bytesText(freeBytes)} are free in ${folder}`;
  if (newest === undefined)
    return { concern, level: 'ok', message: `${free}; how much a set takes is known after the first run` };
  const needed = bytesOf(newest) * MARGIN;
  const message = `${free}, and the next set takes about ${bytesText(needed)}`;
  const mend =
    'Make room, enlarge the volume, or lower BACKUP_RETENTION_DAILY and run `geolens-backup prune`';
  if (freeBytes < needed) return { concern, level: 'fail', message, mend };
  const room = Math.floor(freeBytes / needed);
  return room < TIGHT_SETS
    ? { concern, level: 'warn', message: `${message}: room for ${countText(room, 'set')}`, mend }
    : { concern, level: 'ok', message };
}
