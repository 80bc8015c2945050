import { randomUUID } from 'node:crypto';
import { UUID } from '../store/temporary-names.ts';

const OWN_PREFIX = '.geolens-backup-';

const WORK = new RegExp(`^\\.geolens-backup-restoring-${UUID}$`);
const NOTE = new RegExp(`^\\.geolens-backup-restoring-${UUID}\\.(?:out|in)$`);
const RECORD = new RegExp(`^\\.geolens-backup-staging-(${UUID})\\.json$`);
const PARTIAL_RECORD = new RegExp(`^\\.geolens-backup-staging-${UUID}\\.json\\.${UUID}\\.partial$`);
const PREVIOUS = /^\.geolens-backup-before-\d{8}_\d{6}$/;

/**
 * Whether a restore, of this or an earlier version, makes entries of the name at the top of a staging folder.
 * They are no content: they are not archived and not moved, and no archive may hold them.
 */
export function isOwnName(name: string): boolean {
  return WORK.test(name) || PREVIOUS.test(name) || NOTE.test(name);
}

export function newId(): string {
  return randomUUID();
}

/** The folder that a restore works in, inside the staging folder. */
export function workName(id: string): string {
  return `${OWN_PREFIX}restoring-${id}`;
}

/** The file that records what a restore is doing, in a folder of ours. */
export function recordName(id: string): string {
  return `${OWN_PREFIX}staging-${id}.json`;
}

/** The folder of the old content; the stamp is `YYYYMMDD_HHMMSS`. */
export function previousName(stamp: string): string {
  return `${OWN_PREFIX}before-${stamp}`;
}

/** The id of the restore that the file of this name records. */
export function recordId(name: string): string | undefined {
  return RECORD.exec(name)?.[1];
}

/** Whether a record that was not written to its end has the name. */
export function isPartialRecord(name: string): boolean {
  return PARTIAL_RECORD.test(name);
}

export function isPreviousName(name: string): boolean {
  return PREVIOUS.test(name);
}

/**
 * Whether the name is that of a file in which earlier versions recorded an unfinished restore, in the staging
 * folder.
 */
export function isNoteName(name: string): boolean {
  return NOTE.test(name);
}
