import { text } from 'node:stream/consumers';

/** The parts of a body on its way; none is held back for the whole. */
export type Body = AsyncIterable<Buffer>;

export async function* counted(body: Body, count: (bytes: number) => void): Body {
  for await (const chunk of body) {
    count(chunk.length);
    yield chunk;
  }
}

/** Flips a bit of the byte at this place. */
export async function* corrupted(body: Body, place: number): Body {
  let passed = 0;
  for await (const chunk of body) {
    const here = place - passed;
    if (here >= 0 && here < chunk.length) chunk[here]! ^= 1;
    passed += chunk.length;
    yield chunk;
  }
}

/** Lets so many bytes through, all if there are not as many, and then calls `cut`, which throws. */
export async function* cutShort(body: Body, length: number, cut: () => Promise<never>): Body {
  let left = length;
  for await (const chunk of body) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) break;
  }
  await cut();
}

/** An XML document with another ETag in it. This one is held back: they are small. */
export async function* withEtag(body: Body, etag: string): Body {
  yield Buffer.from((await text(body)).replace(/<ETag>[^<]*<\/ETag>/, () => `<ETag>${etag}</ETag>`));
}

export async function drained(body: Body): Promise<void> {
  const parts = body[Symbol.asyncIterator]();
  while ((await parts.next()).done !== true);
}
