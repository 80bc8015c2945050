import { abortedBy } from './errors.ts';

/**
 * Settles with the work, or rejects as soon as the signal fires, independent of the work.
 * @throws BackupError ABORTED, or the reason of the signal if that is a BackupError, if the signal fires
 * first
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  work.catch(() => undefined); // After an abort, the promise has no other listener.
  const aborted = Promise.withResolvers<never>();
  const leave = (): void => {
    aborted.reject(abortedBy(signal));
  };
  if (signal.aborted) leave();
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
