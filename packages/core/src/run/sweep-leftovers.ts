import { throwIfAborted, toBackupError } from '../errors.ts';
import type { Sweeper } from '../ports/sweeper.ts';
import type { Phases } from './phases.ts';

/**
 * Clears away what dead work has left. What cannot be removed takes space, and is no reason to make no
 * backup.
 */
export async function sweepLeftovers(
  sweepers: readonly Sweeper[],
  phases: Phases,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return phases.measure('sweep', async () => {
    const swept: string[] = [];
    for (const sweeper of sweepers) {
      try {
        swept.push(
          ...(await sweeper.sweep({
            signal,
            onWarning: (message) => {
              phases.warn(message);
            },
          })),
        );
      } catch (error) {
        throwIfAborted(signal);
        phases.warn(`what earlier work left over could not be removed: ${toBackupError(error).message}`);
      }
    }
    return swept;
  });
}
