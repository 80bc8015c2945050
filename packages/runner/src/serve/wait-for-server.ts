import type { Clock, ServerProbe } from '@geolens/backup-core';
import type { Logger } from '../present/logger.ts';

const RETRY_MS = 5_000;

/**
 * How often it is looked for: for half a minute when nothing answers, for ten minutes while it says that it
 * is starting.
 */
const ATTEMPTS = { nothing: 6, starting: 120 } as const;

/**
 * Waits until the database server answers: after a start of the whole machine it needs longer than we do, and
 * a run that fails for that would not be tried again before the next slot. One that does not come is left to
 * the run, which says what is wrong.
 */
export async function waitForServer(
  probe: ServerProbe,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  for (let looks = 1; ; looks += 1) {
    const found = await probe.inspect(signal);
    if (found.server === 'answers' || looks >= ATTEMPTS[found.server]) return;
    if (looks === 1)
      log.warn('serve.server_away', `a run is due, and waits a while for the server: ${found.error.message}`);
    await clock.sleepUntil(new Date(clock.now().getTime() + RETRY_MS), signal);
  }
}
