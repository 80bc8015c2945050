import { createHash } from 'node:crypto';
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

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
