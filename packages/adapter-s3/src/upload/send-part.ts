import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { isBackupError, throwIfAborted, type BackupError } from '@geolens/backup-core';
import { providerCodeOf } from '../s3-errors.ts';
import type { Part } from './hashed-parts.ts';

const TRIES = 4;
const LONGEST_PAUSE_MS = 10_000;
const FIRST_PAUSE_MS = 250;

/** Codes with status 400 that a slow connection causes. */
const SLOW_BODY = new Set(['RequestTimeout', 'IncompleteBody']);

/**
 * Sends a part, with the retries that the SDK lacks: after a body changed in transit, and for streams. The
 * pauses grow and are random, so that refused senders do not retry together.
 */
export async function sendPart<T>(
  part: Part,
  signal: AbortSignal | undefined,
  send: (body: Buffer | Readable) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await sendBody(part.body(), send);
    } catch (error) {
      throwIfAborted(signal);
      if (tries === TRIES || !isPassing(error)) throw error;
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries) * (0.5 + Math.random() / 2);
      await setTimeout(pause, undefined, { signal }).catch(() => undefined);
      throwIfAborted(signal);
    }
  }
}

/**
 * Sends a body and handles the errors of a stream. The SDK does not: a failing stream would end the process,
 * an unused one would stay open.
 */
async function sendBody<T>(
  body: Buffer | Readable,
  send: (body: Buffer | Readable) => Promise<T>,
): Promise<T> {
  if (Buffer.isBuffer(body)) return send(body);
  const failed = new Promise<never>((_, reject) => body.once('error', reject));
  failed.catch(() => undefined);
  const sent = send(body);
  sent.catch(() => undefined);
  try {
    return await Promise.race([sent, failed]);
  } finally {
    body.on('error', () => undefined);
    body.destroy();
  }
}

/** Returns whether a retry may help. The SDK's own retries are not repeated. */
function isPassing(error: unknown): boolean {
  if (!isBackupError(error, 'ARTIFACT_MISMATCH', 'STORE_FAILED', 'STORE_UNAVAILABLE')) return false;
  if (error.code === 'ARTIFACT_MISMATCH' || SLOW_BODY.has(providerCodeOf(error))) return true;
  const { cause } = error as BackupError & {
    cause?: { $metadata?: { attempts?: number; httpStatusCode?: number } };
  };
  const { attempts = 1, httpStatusCode: status } = cause?.$metadata ?? {};
  return attempts === 1 && (status === undefined || status >= 500 || status === 429);
}
