import type { Readable } from 'node:stream';
import type { Part } from './hashed-parts.ts';

/**
 * Sends a part. The SDK listens to no stream that it is given: one that fails would end the process, one that
 * is left would stay open.
 */
export async function withBody<T>(part: Part, send: (body: Buffer | Readable) => Promise<T>): Promise<T> {
  const body = part.body();
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
