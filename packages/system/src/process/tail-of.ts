import type { Readable } from 'node:stream';

/** Enough for any message. */
const KEPT_BYTES = 64 * 1024;

/**
 * Reads a stream to its end and keeps the last part of it, of bounded size.
 * @returns a function that returns that part as text
 */
export function tailOf(stream: Readable | null): () => string {
  const kept: Buffer[] = [];
  let length = 0;
  stream?.on('data', (chunk: Buffer) => {
    kept.push(chunk);
    length += chunk.length;
    for (let [first] = kept; first !== undefined && length - first.length >= KEPT_BYTES; [first] = kept) {
      length -= first.length;
      kept.shift();
    }
  });
  return () => Buffer.concat(kept).toString('utf8').trim();
}
