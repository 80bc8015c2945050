/** The time of day. Everything that asks what time it is, or waits for a moment, goes through this port. */
export interface Clock {
  /** The present moment by the wall clock, which may jump in both directions. */
  now(): Date;

  /**
   * Resolves as soon as `now()` is at or after the moment, at once when it is already.
   * Follows jumps of the wall clock and a machine's sleep, with a delay of a minute at most.
   * Rejects with ABORTED when the signal fires first (with the signal's reason, when that is a BackupError).
   */
  sleepUntil(moment: Date, signal?: AbortSignal): Promise<void>;
}
