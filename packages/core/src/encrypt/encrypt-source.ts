import { createHash } from 'node:crypto';
import { BackupError, throwIfAborted } from '../base/errors.ts';
import type { ContentDigest } from '../model/manifest.ts';
import type { ArtifactSource, ByteRange, StoreOptions } from '../ports/artifact-store.ts';
import type { Cipher, CipherText } from '../ports/cipher.ts';

/**
 * Encrypts a source while a store receives it. Verifies the plain text meanwhile.
 * @param store receives the cipher text
 * @returns length and digest of the cipher text
 * @throws BackupError ARTIFACT_MISMATCH if length or SHA-256 of the source differ from the announced ones
 * @throws the error of the source, of the cipher or of `store`
 */
export async function encryptSource(
  cipher: Cipher,
  source: ArtifactSource,
  options: StoreOptions,
  store: (once: ArtifactSource) => Promise<void>,
): Promise<ContentDigest> {
  let failure: { readonly error: unknown } | undefined;
  const content = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* verified(source);
    } catch (error) {
      failure = { error };
      throw error;
    }
  };
  try {
    const cipherText = await cipher.encrypt({ bytes: source.bytes, open: content }, options);
    try {
      const once = new OnceSource(cipherText);
      await store(once);
      return { bytes: once.bytes, sha256: once.sha256 };
    } finally {
      await cipherText.discard();
    }
  } catch (error) {
    throwIfAborted(options.signal);
    throw failure === undefined ? error : failure.error;
  }
}

/**
 * A cipher text as the source of an artifact. It is made while a store receives it, so that no second copy of
 * the artifact needs disk space. Its SHA-256 is that of the bytes that were read.
 */
class OnceSource implements ArtifactSource {
  readonly bytes: number;
  readonly once = true;
  private readonly chunks: AsyncIterator<Uint8Array>;
  private readonly hash = createHash('sha256');
  private digest: string | undefined;
  private position = 0;
  private rest: Uint8Array = new Uint8Array();

  constructor({ bytes, content }: CipherText) {
    this.bytes = bytes;
    this.chunks = content[Symbol.asyncIterator]();
  }

  /** SHA-256 of all bytes. Ends the reading: a store asks for it after the last byte. */
  get sha256(): string {
    return (this.digest ??= this.hash.digest('hex'));
  }

  async *open(range?: ByteRange): AsyncGenerator<Uint8Array> {
    const { start = 0, end = Infinity } = range ?? {};
    if (start !== this.position || this.digest !== undefined)
      throw new TypeError('a cipher text can be read once, from its start to its end');
    while (this.position < end) {
      const chunk = await this.next();
      if (chunk === undefined) return;
      const wanted = chunk.subarray(0, end - this.position);
      this.rest = chunk.subarray(wanted.length);
      this.position += wanted.length;
      if (this.position >= this.bytes) await this.finish();
      yield wanted;
    }
  }

  /** Waits for the end of the cipher text, before its last bytes are passed on: only then it is whole. */
  private async finish(): Promise<void> {
    if (this.position > this.bytes || this.rest.length > 0 || (await this.chunks.next()).done !== true)
      throw new BackupError('ENCRYPTION_FAILED', `the cipher text has more than ${this.bytes} bytes`);
  }

  private async next(): Promise<Uint8Array | undefined> {
    if (this.rest.length > 0) return this.rest;
    const step = await this.chunks.next();
    if (step.done === true) return undefined;
    this.hash.update(step.value);
    return step.value;
  }
}

/** Yields a source, and fails if its length or SHA-256 is not the announced one. */
async function* verified(source: ArtifactSource): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  const mismatch = (found: string): BackupError =>
    new BackupError(
      'ARTIFACT_MISMATCH',
      `${source.bytes} bytes with SHA-256 ${source.sha256} were announced, but ${found} came`,
    );
  for await (const chunk of source.open(undefined, { reuseBuffer: true })) {
    bytes += chunk.length;
    if (bytes > source.bytes) throw mismatch(`more than ${source.bytes} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (bytes < source.bytes) throw mismatch(`only ${bytes} bytes`);
  const found = hash.digest('hex');
  if (found !== source.sha256) throw mismatch(`the SHA-256 ${found}`);
}
