import { BackupError, HEADER_BYTES, type ArtifactContent } from '@geolens/backup-core';
import { headerOf } from './format.ts';

/** Reads until the header is complete, or cannot become so. Returns a copy of all that it has read. */
export async function readStart(chunks: AsyncIterator<Uint8Array>): Promise<Buffer> {
  let start = Buffer.alloc(0);
  while (start.length < HEADER_BYTES && headerOf(start) === undefined) {
    const next = await chunks.next();
    if (next.done === true) break;
    start = Buffer.concat([start, next.value]);
  }
  return start;
}

/** Yields the start, then the chunks that follow. */
export async function* startedWith(
  start: Uint8Array,
  rest?: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield start;
  for (let next = await rest?.next(); next?.done === false; next = await rest?.next()) yield next.value;
}

/**
 * Yields the bytes of a content.
 * @throws BackupError ARTIFACT_MISMATCH if it has more or fewer bytes than it announced
 */
export async function* exactly(content: ArtifactContent): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of content.open(undefined, { reuseBuffer: true })) {
    length += chunk.length;
    if (length > content.bytes) break;
    yield chunk;
  }
  if (length === content.bytes) return;
  const found = length > content.bytes ? 'more' : length;
  throw new BackupError('ARTIFACT_MISMATCH', `a content of ${content.bytes} bytes has ${found}`);
}
