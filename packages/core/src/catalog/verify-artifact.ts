import { createHash } from 'node:crypto';
import { BackupError, throwIfAborted } from '../base/errors.ts';
import type { ArtifactContent, ArtifactSource, ReadingOptions } from '../ports/artifact-store.ts';
import { sideBySide } from '../base/side-by-side.ts';

/**
 * Reads an artifact from its first to its last byte, verifies its length and SHA-256, and checks it with
 * `read`.
 *
 * - A local file is read twice concurrently, because programs for its format read files most efficiently by
 *   themselves.
 * - Any other artifact is hashed during the first whole read by `read`, and the rest after it. Further or
 *   partial reads by `read` go directly to the artifact.
 * @throws BackupError ARTIFACT_UNREADABLE if length or SHA-256 differ
 * @throws the error of `read` if it fails
 */
export async function verifyArtifact<T>(
  label: string,
  artifact: ArtifactSource,
  read: (source: ArtifactSource) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const { bytes, sha256 } = artifact;
  const [outcome, found] = await (artifact.path === undefined
    ? readTogether(artifact, read, signal)
    : readApart(artifact, read, signal));
  if (found.bytes === bytes && found.sha256 === sha256) return outcome;
  const differs =
    found.bytes === bytes
      ? `SHA-256 ${short(found.sha256)}, and was written with ${short(sha256)}`
      : `${found.bytes} bytes, and was written with ${bytes}`;
  throw new BackupError('ARTIFACT_UNREADABLE', `${label} reads back with ${differs}`, {
    hint: 'Check the disk and the memory of this machine',
  });
}

/** Length and SHA-256 of the bytes that were read. */
interface Found {
  readonly bytes: number;
  readonly sha256: string;
}

async function readTogether<T>(
  artifact: ArtifactSource,
  read: (source: ArtifactSource) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<[T, Found]> {
  const reading = new HashedReading(artifact, signal);
  const { bytes, sha256 } = artifact;
  try {
    const outcome = await read({
      bytes,
      sha256,
      open: (range, options) => (range === undefined ? reading.open(options) : artifact.open(range, options)),
    });
    return [outcome, await reading.finish()];
  } finally {
    await reading.close();
  }
}

/**
 * Reads concurrently, so that a large file comes from the disk once, and from memory for the other reader.
 */
function readApart<T>(
  artifact: ArtifactSource,
  read: (source: ArtifactSource) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<[T, Found]> {
  return sideBySide<[T, Found]>(signal, (stop) => [
    read(artifact),
    readTogether(artifact, () => Promise.resolve(), stop).then(([, found]) => found),
  ]);
}

/** Returns the start of a digest, long enough to identify it. */
function short(sha256: string): string {
  return `${sha256.slice(0, 12)}…`;
}

/** For readers that finish with a chunk before they request the next one. */
const REUSED: ReadingOptions = { reuseBuffer: true };

/** No-op reader: verifies the SHA-256 only. */
export function nothingMore(): Promise<undefined> {
  return Promise.resolve(undefined);
}

/** Reads to the end and discards the content. */
export async function drain(content: ArtifactContent): Promise<undefined> {
  const chunks = content.open(undefined, REUSED)[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}

/** A hashed read of an artifact that continues to the end even if its reader stops. */
class HashedReading {
  private readonly artifact: ArtifactSource;
  private readonly signal: AbortSignal | undefined;
  private readonly hash = createHash('sha256');
  private bytes = 0;
  private opened = false;
  /** Options of the reader. Defaults to those of hashing alone. */
  private options: ReadingOptions | undefined = REUSED;
  private ended = false;
  private failure: { readonly error: unknown } | undefined;
  private chunks: AsyncIterator<Uint8Array> | undefined;
  /** The current step, possibly left by a reader that stopped. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(artifact: ArtifactSource, signal: AbortSignal | undefined) {
    this.artifact = artifact;
    this.signal = signal;
  }

  open(options?: ReadingOptions): AsyncIterable<Uint8Array> {
    if (this.opened) return this.artifact.open(undefined, options);
    this.opened = true;
    this.options = options;
    return this.handOn();
  }

  /**
   * Reads the rest and returns length and SHA-256. Throws the error of the read, even if the reader caught
   * it.
   */
  async finish(): Promise<Found> {
    while ((await this.next()) !== undefined);
    if (this.failure !== undefined) throw this.failure.error;
    return { bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  async close(): Promise<void> {
    await this.turn;
    this.ended = true;
    await this.chunks?.return?.();
  }

  private async *handOn(): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.next(); chunk !== undefined; chunk = await this.next()) yield chunk;
  }

  private next(): Promise<Uint8Array | undefined> {
    const step = this.turn.then(() => this.step());
    this.turn = step.catch(() => undefined);
    return step;
  }

  private async step(): Promise<Uint8Array | undefined> {
    if (this.ended) return undefined;
    try {
      throwIfAborted(this.signal);
      this.chunks ??= this.artifact.open(undefined, this.options)[Symbol.asyncIterator]();
      const step = await this.chunks.next();
      if (step.done !== true) {
        this.hash.update(step.value);
        this.bytes += step.value.length;
        return step.value;
      }
    } catch (error) {
      this.failure = { error };
      this.ended = true;
      throw error;
    }
    this.ended = true;
    return undefined;
  }
}
