import { createHash } from 'node:crypto';
import { BackupError } from '../base/errors.ts';
import type { ArtifactSource } from './artifact-store.ts';

/** A text (UTF-8) as something that a store can be given. */
export function textSource(text: string): ArtifactSource {
  const all = Buffer.from(text, 'utf8');
  return {
    bytes: all.length,
    sha256: createHash('sha256').update(all).digest('hex'),
    open: (range) => chunksOf(range === undefined ? all : all.subarray(range.start, range.end)),
  };
}

/** All of a content together, as text; for small ones. */
export async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Returns all of a content together, as text, of a file that others than this program may have written.
 * @param place what errors call it
 * @param atMost most bytes
 * @param densest most bytes that are not white space
 * @throws BackupError MANIFEST_INVALID if it is longer, or not UTF-8
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

/** Returns how many bytes are not white space: their content takes so much memory at most, roughly. */
export function denseBytesOf(bytes: Uint8Array): number {
  return bytes.reduce((dense, byte) => (byte > 32 ? dense + 1 : dense), 0);
}

/** Largest manifest that is read, in bytes: one with ten thousand tables has a megabyte. */
export const LARGEST_MANIFEST_BYTES = 6 * 1024 * 1024;

/**
 * Returns the text of a manifest.
 * @throws BackupError MANIFEST_INVALID if it cannot be that of a manifest
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
