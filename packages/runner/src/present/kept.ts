import { timestampToDate, type KeptContent } from '@geolens/backup-core';

/** Returns the time since the restore in milliseconds. */
export function ageOf({ timestamp }: KeptContent, now: Date): number {
  return Math.max(0, now.getTime() - timestampToDate(timestamp).getTime());
}
