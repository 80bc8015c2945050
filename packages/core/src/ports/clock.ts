/** The source of time. All code that reads the time or waits for a moment uses this port. */
export interface Clock {
  /** Returns the current time of the system clock, which may jump in both directions. */
  now(): Date;

  /**
   * Resolves as soon as `now()` is at or after the moment, or immediately if it already is. Follows clock
   * jumps and the sleep of the machine, with a delay of at most one minute.
   * @throws BackupError ABORTED, or the signal's reason if that is a BackupError, if the signal fires first
   */
  sleepUntil(moment: Date, signal?: AbortSignal): Promise<void>;
}
