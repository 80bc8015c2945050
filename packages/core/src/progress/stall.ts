import { BackupError, withReason } from '../base/errors.ts';
import type { Clock } from '../ports/clock.ts';

/** Maximum time without progress while waiting for another program or machine. */
export interface StallLimit {
  readonly clock: Clock;
  readonly milliseconds: number;
}

/** Options of a stall watch. */
export interface StallOptions {
  /** What waits, and for what, for messages: `the dump from db:5432`. */
  readonly what: string;
  /**
   * Asks whether the other side works although it sends nothing. Called during silence, one call at a time. A
   * call that fails or does not return is no progress.
   */
  readonly working?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
}

/**
 * Number of slices of the limit. A clock jump or a sleep of the machine then costs one slice instead of the
 * whole limit.
 */
const SLICES = 10;

/**
 * Watches work for progress. Its signal fires with STALLED at most a tenth of the limit after the limit has
 * passed without progress. A clock that is set back prolongs the wait by the same amount.
 */
export class Stall {
  private readonly limit: StallLimit;
  private readonly options: StallOptions;
  private readonly stalled = new AbortController();
  private readonly waiting = new Set<(error: unknown) => void>();
  private bytes = 0;
  private moves = 0;
  private since: Date;
  private paused = false;
  private asking = false;

  constructor(limit: StallLimit, options: StallOptions) {
    this.limit = limit;
    this.options = options;
    this.since = limit.clock.now();
  }

  /** Fires with STALLED as its reason. */
  get signal(): AbortSignal {
    return this.stalled.signal;
  }

  /** Records progress, by a number of bytes. */
  move(bytes = 0): void {
    this.bytes += bytes;
    this.moves += 1;
    this.since = this.limit.clock.now();
  }

  /**
   * Runs the work and watches it to its end. The work has to end when the signal fires. STALLED is then
   * thrown instead of the error of the work.
   */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const ended = new AbortController();
    void this.watch(ended.signal);
    try {
      return await work();
    } catch (error) {
      throw this.signal.aborted ? this.signal.reason : error;
    } finally {
      ended.abort();
    }
  }

  /** Runs a part of the work that has another watch. It may take any time. */
  async apart<T>(work: () => Promise<T>): Promise<T> {
    this.paused = true;
    try {
      return await work();
    } finally {
      this.paused = false;
      this.move();
    }
  }

  /**
   * Returns the content and counts each chunk as progress. Throws STALLED as soon as the signal fires, even
   * while it waits for a chunk. It then does not wait for the end of the content.
   */
  async *content(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const iterator = chunks[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await this.orStalled(() => iterator.next());
        if (step.done === true) return;
        this.move(step.value.length);
        yield step.value;
      }
    } finally {
      const left = iterator.return?.();
      if (!this.signal.aborted) await left;
      else left?.catch(() => undefined);
    }
  }

  /**
   * Returns the content, watched only while the reader waits for a chunk. The reader itself may take any
   * time.
   */
  async *reading(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const ended = new AbortController();
    void this.watch(ended.signal);
    try {
      for await (const chunk of this.content(chunks)) {
        this.paused = true;
        yield chunk;
        this.paused = false;
        this.move();
      }
    } finally {
      ended.abort();
    }
  }

  /** Avoids `Promise.race`, because a promise that outlives all chunks would keep memory for each. */
  private async orStalled<T>(wait: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    let stop: ((error: unknown) => void) | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        stop = reject;
        this.waiting.add(reject);
        wait().then(resolve, reject);
      });
    } finally {
      if (stop !== undefined) this.waiting.delete(stop);
    }
  }

  private async watch(ended: AbortSignal): Promise<void> {
    const { clock, milliseconds } = this.limit;
    this.since = clock.now();
    for (let idle = 0; idle < SLICES; ) {
      const before = this.moves;
      if (idle > 0) void this.ask(ended);
      try {
        await clock.sleepUntil(new Date(clock.now().getTime() + milliseconds / SLICES), ended);
      } catch {
        return; // The work has ended.
      }
      if (ended.aborted) return;
      idle = this.paused || this.moves !== before ? 0 : idle + 1;
    }
    const error = this.error();
    this.stalled.abort(error);
    for (const reject of [...this.waiting]) reject(error);
  }

  private async ask(ended: AbortSignal): Promise<void> {
    if (this.asking || this.options.working === undefined) return;
    this.asking = true;
    try {
      if (await this.options.working(ended)) this.move();
    } catch {
      // A failed call is no progress.
    } finally {
      this.asking = false;
    }
  }

  private error(): BackupError {
    return new BackupError(
      'STALLED',
      `${this.options.what} stalled: no progress for ${waitText(this.limit.milliseconds)}, since ${this.since.toISOString()}, after ${this.bytes} bytes`,
      withReason('no-progress'),
    );
  }
}

function waitText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** Returns the source with every read watched separately; the source itself if there is no limit. */
export function unlessStalled<T extends { open: (...args: never[]) => AsyncIterable<Uint8Array> }>(
  source: T,
  limit: StallLimit | undefined,
  what: string,
): T {
  if (limit === undefined) return source;
  const open = (...args: Parameters<T['open']>): AsyncIterable<Uint8Array> =>
    new Stall(limit, { what }).reading(source.open(...args));
  return { ...source, open };
}
