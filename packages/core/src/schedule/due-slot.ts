import type { JournalledSlot } from '../ports/run-journal.ts';
import type { Schedule } from './schedule.ts';

/** A slot whose process died before the attempt ended is tried once more, not for ever. */
const ATTEMPTS_OF_A_SLOT = 2;

/** A schedule, and what is known of the slots that it had. */
export interface DueRequest {
  readonly schedule: Schedule;
  readonly now: Date;
  /**
   * Moments up to which all slots are settled: the first start, the newest set. Those in the future do not
   * count.
   */
  readonly settledUntil: readonly Date[];
  readonly lastSlot: JournalledSlot | undefined;
}

/**
 * The slot for which a run is due now, if any. However many slots were slept through, one run makes up for
 * them: the answer is the latest. A slot that was tried, successfully or not, is not due again; one whose
 * attempt was cut off is, once. Moments in the future were written while the clock was wrong, and would
 * otherwise stop all runs until then.
 */
export function dueSlot({ schedule, now, settledUntil, lastSlot }: DueRequest): Date | undefined {
  const slot = schedule.previous(now);
  if (slot === undefined || settledUntil.some((moment) => moment >= slot && moment <= now)) return undefined;
  if (lastSlot === undefined) return slot;
  const tried = new Date(lastSlot.slot);
  const tellsOfIt = tried >= slot && tried <= now; // also false for what is no date
  if (!tellsOfIt) return slot;
  return !lastSlot.settled && lastSlot.attempts < ATTEMPTS_OF_A_SLOT ? slot : undefined;
}
