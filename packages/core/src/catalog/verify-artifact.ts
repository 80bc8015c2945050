import { createHash } from 'node:crypto';
import { BackupError, throwIfAborted } from '../base/errors.ts';
import type { ArtifactContent, ArtifactSource, ReadingOptions } from '../ports/artifact-store.ts';
import { sideBySide } from '../base/side-by-side.ts';

/**
 * Reads an artifact back from its first to its last byte, compares length and SHA-256 with what it should
 * have, and lets `read` judge it. One that is a file of this machine is read for both at the same time, by
 * each for itself: programs that know its form read files best by themselves. Of any other the first whole
 * reading of `read` is the one that is compared, what it leaves unread is read after it, and what it reads
 * again, or in parts, comes straight from the artifact.
 * @throws BackupError ARTIFACT_UNREADABLE when they differ, or whatever `read` throws
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

/** What came of a reading. */
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

/** Side by side, so that a large file comes from the disk once, and for the other reader from memory. */
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

/** Enough of a digest to tell it from any other. */
function short(sha256: string): string {
  return `${sha256.slice(0, 12)}…`;
}

/** For those who are done with a chunk before they ask for the next. */
const REUSED: ReadingOptions = { reuseBuffer: true };

/** Reads nothing: the SHA-256 alone is compared. */
export function nothingMore(): Promise<undefined> {
  return Promise.resolve(undefined);
}

/** Reads to the end and keeps nothing. */
export async function drain(content: ArtifactContent): Promise<undefined> {
  const chunks = content.open(undefined, REUSED)[Symbol.asyncIterator]();
  while ((await chunks.next()).done !== true);
}

/** One reading of an artifact, hashed on its way, that goes to the end whether or not its reader does. */
class HashedReading {
  private readonly artifact: ArtifactSource;
  private readonly signal: AbortSignal | undefined;
  private readonly hash = createHash('sha256');
  private bytes = 0;
  private opened = false;
  /** How its reader reads; what nobody has asked for is hashed alone. */
  private options: ReadingOptions | undefined = REUSED;
  private ended = false;
  private failure: { readonly error: unknown } | undefined;
  private chunks: AsyncIterator<Uint8Array> | undefined;
  /** The step under way: a reader that went away may have left one. */
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
   * Reads what is left, and tells what there was; throws what the reading failed with, should the reader have
   * kept it to itself.
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
