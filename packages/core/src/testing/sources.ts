import { createHash } from 'node:crypto';
import type { ArtifactSource } from '../ports/artifact-store.ts';

/** Returns a source of bytes in memory. `announce` overrides its properties, to simulate a wrong source. */
export function sourceOf(
  content: Uint8Array | string,
  announce: Partial<Pick<ArtifactSource, 'bytes' | 'sha256'>> = {},
): ArtifactSource {
  const whole = Buffer.from(content);
  return {
    bytes: announce.bytes ?? whole.length,
    sha256: announce.sha256 ?? createHash('sha256').update(whole).digest('hex'),
    open: (range, { reuseBuffer = false } = {}) =>
      (reuseBuffer ? reusedChunksOf : chunksOf)(whole.subarray(range?.start, range?.end)),
  };
}

/** Streams bytes in chunks of at most `size` bytes. Throws `failure` at the end if given. */
export async function* chunksOf(
  content: Uint8Array | string,
  options: { size?: number; failure?: Error } = {},
): AsyncGenerator<Uint8Array> {
  const whole = Buffer.from(content);
  const size = options.size ?? 64 * 1024;
  for (let start = 0; start < whole.length; start += size)
    yield await Promise.resolve(whole.subarray(start, start + size));
  if (options.failure !== undefined) throw options.failure;
}

/**
 * Streams bytes in reused chunks. Overwrites each chunk when the reader requests the next one, which exposes
 * readers that keep chunks.
 */
export async function* reusedChunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunksOf(content)) {
    const reuseBuffer = Buffer.from(chunk);
    yield reuseBuffer;
    reuseBuffer.fill(0xff);
  }
}

/** Returns all bytes of a stream. */
export async function readAll(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}
