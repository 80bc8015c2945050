import { isBackupError, parseSchedule, type Schedule } from '@geolens/backup-core';
import type { Values } from './variables.ts';

/** What BACKUP_DRILL_SCHEDULE says for never. */
const NEVER = 'off';

export interface Schedules {
  /** Undefined when it could not be read. */
  readonly schedule: Schedule | undefined;
  /** Undefined when it could not be read, or there is to be none. */
  readonly drillSchedule: Schedule | undefined;
}

/** The schedules of runs and of drills, both read in the same zone. */
export function readSchedules(values: Partial<Values>, problems: string[]): Schedules {
  const { BACKUP_SCHEDULE: runs, BACKUP_DRILL_SCHEDULE: drills, BACKUP_TIMEZONE: zone } = values;
  const read = (
    name: string,
    expression: string | undefined,
    inZone?: string,
    otherwise = '',
  ): Schedule | undefined => {
    if (expression === undefined) return undefined;
    try {
      return parseSchedule(expression, inZone);
    } catch (error) {
      if (!isBackupError(error)) throw error;
      problems.push(`${name}: ${error.message}${otherwise}`);
      return undefined;
    }
  };
  const [ofRuns, ofDrills] = [
    read('BACKUP_SCHEDULE', runs),
    drills?.toLowerCase() === NEVER
      ? undefined
      : read('BACKUP_DRILL_SCHEDULE', drills, undefined, `, or set it to ${NEVER}`),
  ];
  if (zone === undefined || read('BACKUP_TIMEZONE', '@daily', zone) === undefined)
    return { schedule: undefined, drillSchedule: undefined };
  return {
    schedule: ofRuns && parseSchedule(ofRuns.expression, zone),
    drillSchedule: ofDrills && parseSchedule(ofDrills.expression, zone),
  };
}
