import type { JournalledSlot } from '../ports/run-journal.ts';
import type { Schedule } from './schedule.ts';

/** Maximum number of attempts for a slot whose process died during an attempt. */
const ATTEMPTS_OF_A_SLOT = 2;

/** A schedule and the known state of its slots. */
export interface DueRequest {
  readonly schedule: Schedule;
  readonly now: Date;
  /**
   * Moments up to which all slots are settled: the first start, the newest set. Moments in the future do not
   * count.
   */
  readonly settledUntil: readonly Date[];
  readonly lastSlot: JournalledSlot | undefined;
}

/**
 * Returns the latest slot for which a run is due. `undefined` if there is none. One run makes up for any
 * number of missed slots. A settled slot is not due again, successful or not. A slot with an interrupted
 * attempt is due once more. Moments in the future are ignored: the clock was wrong, and they would stop all
 * runs until then.
 */
export function dueSlot({ schedule, now, settledUntil, lastSlot }: DueRequest): Date | undefined {
  const slot = schedule.previous(now);
  if (slot === undefined || settledUntil.some((moment) => moment >= slot && moment <= now)) return undefined;
  if (lastSlot === undefined) return slot;
  const tried = new Date(lastSlot.slot);
  const tellsOfIt = tried >= slot && tried <= now; // Also false for an invalid date.
  if (!tellsOfIt) return slot;
  return !lastSlot.settled && lastSlot.attempts < ATTEMPTS_OF_A_SLOT ? slot : undefined;
}
