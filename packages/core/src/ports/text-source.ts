import { createHash } from 'node:crypto';
import { BackupError } from '../base/errors.ts';
import type { ArtifactSource } from './artifact-store.ts';

/** Returns a text as the source of an artifact, in UTF-8. */
export function textSource(text: string): ArtifactSource {
  const all = Buffer.from(text, 'utf8');
  return {
    bytes: all.length,
    sha256: createHash('sha256').update(all).digest('hex'),
    open: (range) => chunksOf(range === undefined ? all : all.subarray(range.start, range.end)),
  };
}

/** Returns all content as text. Only for small content. */
export async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Returns all content as text, with bounds for files that other programs may have written.
 * @param place name of the content in errors
 * @param atMost maximum number of bytes
 * @param densest maximum number of bytes other than white space
 * @throws BackupError MANIFEST_INVALID if it exceeds a bound or is not UTF-8
 */
export async function boundedTextOf(
  content: AsyncIterable<Uint8Array>,
  atMost: number,
  place: string,
  densest = atMost,
): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decoded = (chunk: Uint8Array, stream: boolean): string => {
    try {
      return decoder.decode(chunk, { stream });
    } catch (cause) {
      throw new BackupError('MANIFEST_INVALID', `${place} is not valid UTF-8`, { cause });
    }
  };
  let [text, bytes, dense] = ['', 0, 0];
  for await (const chunk of content) {
    bytes += chunk.length;
    dense += denseBytesOf(chunk);
    const most = bytes > atMost ? atMost : dense > densest ? densest : undefined;
    if (most !== undefined) throw new BackupError('MANIFEST_INVALID', `${place} has more than ${most} bytes`);
    text += decoded(chunk, true);
  }
  return text + decoded(new Uint8Array(), false);
}

/** Returns the number of bytes other than white space. It roughly bounds the memory of the parsed content. */
export function denseBytesOf(bytes: Uint8Array): number {
  let dense = 0;
  // Faster than iterators and callbacks: every listing reads every byte of every manifest.
  for (let left = bytes.length; left > 0; left -= 1) if ((bytes[left - 1] ?? 0) > 32) dense += 1;
  return dense;
}

/** Maximum size of a manifest in bytes. A manifest of ten thousand tables has a megabyte. */
export const LARGEST_MANIFEST_BYTES = 6 * 1024 * 1024;

/**
 * Returns the text of a manifest.
 * @throws BackupError MANIFEST_INVALID if it exceeds a bound or is not UTF-8
 */
export function manifestTextOf(
  content: AsyncIterable<Uint8Array>,
  atMost = LARGEST_MANIFEST_BYTES,
): Promise<string> {
  return boundedTextOf(content, atMost, 'the manifest', LARGEST_MANIFEST_BYTES / 2);
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
