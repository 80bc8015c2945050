import { isBackupError, parseSchedule, type Schedule } from '@geolens/backup-core';
import { describeError } from '../present/hints.ts';
import type { Values } from './variables.ts';

/** The value of a schedule for never. */
const NEVER = 'off';

export interface Schedules {
  /** Undefined when it could not be read. */
  readonly schedule: Schedule | undefined;
  /** Undefined when it could not be read, or there is to be none. */
  readonly restoreTestSchedule: Schedule | undefined;
  /** Undefined when it could not be read, or there is to be none. */
  readonly replicaCheckSchedule: Schedule | undefined;
}

/** The schedules of runs, restore tests and checks of replicas, all read in the same zone. */
export function readSchedules(values: Partial<Values>, problems: string[]): Schedules {
  const { BACKUP_SCHEDULE: runs, BACKUP_TIMEZONE: zone } = values;
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
  const optional = (
    name: 'BACKUP_RESTORE_TEST_SCHEDULE' | 'BACKUP_REPLICA_CHECK_SCHEDULE',
  ): Schedule | undefined =>
    values[name]?.toLowerCase() === NEVER
      ? undefined
      : read(name, values[name], undefined, `, or set it to ${NEVER}`);
  const [ofRuns, ofRestoreTests, ofReplicaChecks] = [
    read('BACKUP_SCHEDULE', runs),
    optional('BACKUP_RESTORE_TEST_SCHEDULE'),
    optional('BACKUP_REPLICA_CHECK_SCHEDULE'),
  ];
  if (zone === undefined || read('BACKUP_TIMEZONE', '@daily', zone) === undefined)
    return { schedule: undefined, restoreTestSchedule: undefined, replicaCheckSchedule: undefined };
  return {
    schedule: ofRuns && parseSchedule(ofRuns.expression, zone),
    restoreTestSchedule: ofRestoreTests && parseSchedule(ofRestoreTests.expression, zone),
    replicaCheckSchedule: ofReplicaChecks && parseSchedule(ofReplicaChecks.expression, zone),
  };
}
