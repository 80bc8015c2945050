/** Reads a source as far as it goes. */
export async function asFarAsItGoes(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of content) chunks.push(chunk);
  } catch {
    // What came until then is what there is.
  }
  return Buffer.concat(chunks);
}
