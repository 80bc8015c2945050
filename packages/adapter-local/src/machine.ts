import { statfs } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { abortedBy, throwIfAborted, type Clock } from '@geolens/backup-core';

/** Milliseconds between checks of the clock: timers stop during sleep and ignore a changed clock. */
const RETRY_MS = 60_000;

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),

  async sleepUntil(moment, signal) {
    for (;;) {
      throwIfAborted(signal);
      const remaining = moment.getTime() - Date.now();
      if (remaining <= 0) return;
      try {
        await setTimeout(Math.min(remaining, RETRY_MS), undefined, { signal });
      } catch (error) {
        throw signal?.aborted === true ? abortedBy(signal) : error;
      }
    }
  },
};

/** Returns the number of bytes that an unprivileged user may still write to the volume of a path. */
export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
