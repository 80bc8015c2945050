import { randomUUID } from 'node:crypto';
import { UUID } from '../store/temporary-names.ts';

const OWN_PREFIX = '.geolens-backup-';

const WORK = new RegExp(`^\\.geolens-backup-restoring-${UUID}$`);
const NOTE = new RegExp(`^\\.geolens-backup-restoring-${UUID}\\.(?:out|in)$`);
const RECORD = new RegExp(`^\\.geolens-backup-staging-(${UUID})\\.json$`);
const PARTIAL_RECORD = new RegExp(`^\\.geolens-backup-staging-${UUID}\\.json\\.${UUID}\\.partial$`);
const PREVIOUS = /^\.geolens-backup-before-\d{8}_\d{6}$/;

/**
 * Returns whether a restore of any version creates top-level entries of this name in a staging folder. They
 * are no content: archives must not hold them, and swaps do not move them.
 */
export function isOwnName(name: string): boolean {
  return WORK.test(name) || PREVIOUS.test(name) || NOTE.test(name);
}

export function newId(): string {
  return randomUUID();
}

/** Returns the name of a restore's work folder, inside the staging folder. */
export function workName(id: string): string {
  return `${OWN_PREFIX}restoring-${id}`;
}

/** Returns the name of a restore's record, in the records folder. */
export function recordName(id: string): string {
  return `${OWN_PREFIX}staging-${id}.json`;
}

/** Returns the name of the folder for old content; the stamp is `YYYYMMDD_HHMMSS`. */
export function previousName(stamp: string): string {
  return `${OWN_PREFIX}before-${stamp}`;
}

/** Returns the id of the restore that a record name belongs to; `undefined` for other names. */
export function recordId(name: string): string | undefined {
  return RECORD.exec(name)?.[1];
}

/** Returns whether the name belongs to an incompletely written record. */
export function isPartialRecord(name: string): boolean {
  return PARTIAL_RECORD.test(name);
}

export function isPreviousName(name: string): boolean {
  return PREVIOUS.test(name);
}

/**
 * Returns whether earlier versions noted an unfinished restore in a file of this name, in the staging folder.
 */
export function isNoteName(name: string): boolean {
  return NOTE.test(name);
}
