import { randomUUID } from 'node:crypto';

const PREFIX = '.geolens-backup-drill-';
const LOCK = '.lock';
const OURS = /^\.geolens-backup-drill-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.lock)?$/;

/** Returns a new name for the folder of a restore test. */
export function restoreTestName(): string {
  return PREFIX + randomUUID();
}

/** The file beside a restore test’s folder that is locked as long as the restore test lives. */
export function lockOf(restoreTest: string): string {
  return restoreTest + LOCK;
}

/** The restore test that a name belongs to, as its folder or as its lock; undefined when it is none of ours. */
export function restoreTestOf(name: string): string | undefined {
  const match = OURS.exec(name);
  return match === null ? undefined : name.slice(0, name.length - (match[1]?.length ?? 0));
}
