import { errorText, throwIfAborted } from '../base/errors.ts';
import type { OrphanCleaner } from '../ports/orphan-cleaner.ts';
import type { Phases } from '../progress/phases.ts';

/**
 * Clears away what dead work has left. What cannot be removed takes space, and is no reason to make no
 * backup.
 */
export async function cleanUpOrphans(
  cleaners: readonly OrphanCleaner[],
  phases: Phases,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return phases.measure('clean-up', async () => {
    const cleanedUp: string[] = [];
    for (const cleaner of cleaners) {
      try {
        cleanedUp.push(
          ...(await cleaner.cleanUp({
            signal,
            onWarning: (message) => {
              phases.warn(message);
            },
          })),
        );
      } catch (error) {
        throwIfAborted(signal);
        phases.warn(`what earlier work left over could not be removed: ${errorText(error)}`);
      }
    }
    return cleanedUp;
  });
}
