import { setTimeout } from 'node:timers/promises';
import { isBackupError, throwIfAborted, type BackupError } from '@geolens/backup-core';
import { providerCodeOf } from '../s3-errors.ts';

const TRIES = 4;
const LONGEST_PAUSE_MS = 10_000;
const FIRST_PAUSE_MS = 250;

/** Answered with 400, though it is the line that was slow. */
const SLOW_BODY = new Set(['RequestTimeout', 'IncompleteBody']);

/**
 * Does again what the SDK does not: a body that was changed on its way, and one that is a stream, of which
 * the work makes a new one each time. The pauses grow, by chance, so that those who were refused together do
 * not come back together.
 */
export async function withRetry<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      throwIfAborted(signal);
      if (tries === TRIES || !isPassing(error)) throw error;
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries) * (0.5 + Math.random() / 2);
      await setTimeout(pause, undefined, { signal }).catch(() => undefined);
      throwIfAborted(signal);
    }
  }
}

/** What was tried as often as the SDK is set to, and says so, is not tried as often again. */
function isPassing(error: unknown): boolean {
  if (!isBackupError(error, 'ARTIFACT_MISMATCH', 'STORE_FAILED', 'STORE_UNAVAILABLE')) return false;
  if (error.code === 'ARTIFACT_MISMATCH' || SLOW_BODY.has(providerCodeOf(error))) return true;
  const { cause } = error as BackupError & {
    cause?: { $metadata?: { attempts?: number; httpStatusCode?: number } };
  };
  const attempts = cause?.$metadata?.attempts ?? 1;
  const status = cause?.$metadata?.httpStatusCode;
  return attempts === 1 && (status === undefined || status >= 500 || status === 429);
}
