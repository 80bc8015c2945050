import { bytesOf, type BackupSet, type DiagnosticResult } from '@geolens/backup-core';
import { bytesText, countText } from '../present/units.ts';

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
export function checkDiskSpace({ folder, freeBytes, sets }: SpaceRequest): DiagnosticResult {
  const subject = 'space';
  const newest = sets.find(({ tier, state }) => tier === 'daily' && state !== 'partial');
  const free = `${bytesText(freeBytes)} are free in ${folder}`;
  if (newest === undefined)
    return { subject, level: 'ok', message: `${free}; how much a set takes is known after the first run` };
  const needed = bytesOf(newest) * MARGIN;
  const message = `${free}, and the next set takes about ${bytesText(needed)}`;
  const hint =
    'Free disk space, enlarge the volume, or lower BACKUP_RETENTION_DAILY and run `geolens-backup prune`';
  if (freeBytes < needed) return { subject, level: 'fail', message, hint };
  const room = Math.floor(freeBytes / needed);
  return room < TIGHT_SETS
    ? { subject, level: 'warn', message: `${message}: room for ${countText(room, 'set')}`, hint }
    : { subject, level: 'ok', message };
}
