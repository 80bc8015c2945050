import { createHash } from 'node:crypto';
import type { ArtifactSource } from '../ports/artifact-store.ts';

/** A source over bytes in memory. `announce` overrides what it says of itself, to play a liar. */
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

/** Bytes as a stream, in chunks of at most `size` bytes; `failure` is thrown where the stream would end. */
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
 * Likewise, in chunks that are lent: each is overwritten when the next one is asked for, so that whoever
 * keeps one is found out.
 */
export async function* reusedChunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunksOf(content)) {
    const reuseBuffer = Buffer.from(chunk);
    yield reuseBuffer;
    reuseBuffer.fill(0xff);
  }
}

/** Everything that a stream gives. */
export async function readAll(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}
