import { createHash } from 'node:crypto';

/** Returns the SHA-256 of content, 64 lower-case hex digits. Consumes the content. */
export async function sha256Of(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}
