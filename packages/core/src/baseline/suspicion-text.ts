import type { RunTimestamp } from '../model/timestamp.ts';

/** What is said loudly of a suspicious set that is the newest: why, what follows from it, and what to do. */
export function suspicionText(timestamp: RunTimestamp, reasons: readonly string[]): string {
  const hint = `Nothing is removed until a newer set is as large as before, or this one is accepted: geolens-backup accept ${timestamp}`;
  return `SUSPICIOUS: set ${timestamp} is much smaller than those before it: ${reasons.join('; ')}. ${hint}`;
}
