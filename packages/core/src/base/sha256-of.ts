import { createHash } from 'node:crypto';

/** The SHA-256 of content that is read for nothing else; 64 lower-case hex digits. */
export async function sha256Of(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of content) hash.update(chunk);
  return hash.digest('hex');
}
