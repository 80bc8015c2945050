import { isBackupError, parseSchedule, type Schedule } from '@geolens/backup-core';
import { describeError } from '../present/hints.ts';
import type { Values } from './variables.ts';

/** The value of BACKUP_RESTORE_TEST_SCHEDULE for never. */
const NEVER = 'off';

export interface Schedules {
  /** Undefined when it could not be read. */
  readonly schedule: Schedule | undefined;
  /** Undefined when it could not be read, or there is to be none. */
  readonly restoreTestSchedule: Schedule | undefined;
}

/** The schedules of runs and of restore tests, both read in the same zone. */
export function readSchedules(values: Partial<Values>, problems: string[]): Schedules {
  const { BACKUP_SCHEDULE: runs, BACKUP_RESTORE_TEST_SCHEDULE: restoreTests, BACKUP_TIMEZONE: zone } = values;
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
      problems.push(`${name}: ${describeError(error)}${otherwise}`);
      return undefined;
    }
  };
  const [ofRuns, ofRestoreTests] = [
    read('BACKUP_SCHEDULE', runs),
    restoreTests?.toLowerCase() === NEVER
      ? undefined
      : read('BACKUP_RESTORE_TEST_SCHEDULE', restoreTests, undefined, `, or set it to ${NEVER}`),
  ];
  if (zone === undefined || read('BACKUP_TIMEZONE', '@daily', zone) === undefined)
    return { schedule: undefined, restoreTestSchedule: undefined };
  return {
    schedule: ofRuns && parseSchedule(ofRuns.expression, zone),
    restoreTestSchedule: ofRestoreTests && parseSchedule(ofRestoreTests.expression, zone),
  };
}
