/** The name of the error for an answer that is too long. */
export const ANSWER_TOO_LONG = 'AnswerTooLong';

/** Largest answer that is kept in memory, in bytes: a page of a thousand keys of the greatest length. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Collects the body of an answer that is not an object: a listing, or an error. The SDK itself collects them
 * without a limit.
 * @throws Error of the name ANSWER_TOO_LONG if it is longer
 */
export async function collectAnswer(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES)
      throw Object.assign(new Error(`the answer has more than ${MOST_BYTES} bytes`), {
        name: ANSWER_TOO_LONG,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
