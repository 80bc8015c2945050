import { timestampToDate, type RunTimestamp } from '@geolens/backup-core';
import { copiesIn, isWhole, type Copies } from '../copies.ts';

const SUNDAY = 0;

export function isOfSunday(timestamp: string): boolean {
  return timestampToDate(timestamp as RunTimestamp).getUTCDay() === SUNDAY;
}

/** The Sunday's set that `weekly` lacks, and that the next run brings there before all else. */
export function whatWeeklyLacks(copies: Copies, now: string): string | undefined {
  const weekly = copiesIn(copies, 'local', 'weekly').filter(({ timestamp }) => timestamp <= now);
  const daily = copiesIn(copies, 'local', 'daily').filter(
    ({ timestamp, copy }) => timestamp <= now && isWhole(copy),
  );
  const newest = weekly.find(({ copy }) => isWhole(copy))?.timestamp;
  const begun = weekly.map(({ timestamp }) => timestamp);
  const lacks = (timestamp: string): boolean =>
    newest === undefined
      ? timestamp === daily[0]?.timestamp || begun.includes(timestamp)
      : timestamp > newest;
  return daily.find(({ timestamp }) => isOfSunday(timestamp) && lacks(timestamp))?.timestamp;
}
