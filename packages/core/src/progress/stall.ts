import { BackupError, withReason } from '../base/errors.ts';
import type { Clock } from '../ports/clock.ts';

/** How long work may wait for another program or machine without progress. */
export interface StallLimit {
  readonly clock: Clock;
  readonly milliseconds: number;
}

/** What is watched for progress. */
export interface StallOptions {
  /** What waits, and for what, for messages: `the dump from db:5432`. */
  readonly what: string;
  /**
   * Asks whether the other side works although it sends nothing. Called while nothing moves, one call at a
   * time; a call that fails, or does not return, is no progress.
   */
  readonly working?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
}

/**
 * The limit is counted in so many slices: a wall clock that jumps ahead, or a machine that sleeps, costs one
 * of them and not the whole limit.
 */
const SLICES = 10;

/**
 * Watches work for progress. Its signal fires with STALLED once the work has made none for the limit, at
 * most a tenth of the limit later. A clock that is set back prolongs the wait by as much.
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

  /** Notes progress, of so many bytes. */
  move(bytes = 0): void {
    this.bytes += bytes;
    this.moves += 1;
    this.since = this.limit.clock.now();
  }

  /**
   * Does the work and watches it to its end. The work has to end when the signal fires; whatever it fails
   * with then, STALLED is thrown.
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

  /** Does a part of the work that another watches: it is no stall, however long it takes. */
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
   * Returns the content, each chunk of which is progress. Throws STALLED as soon as the signal fires, also
   * while a chunk is waited for; the content is then left without waiting for its end.
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

  /** Returns the content, watched while a chunk is waited for: its reader may take all the time it wants. */
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

  /** Not by Promise.race: a promise that outlives every chunk would keep something of each. */
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
        return; // the work has ended
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
      // No answer is no progress.
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

/** Returns the source with every reading watched for itself; the source itself if there is no limit. */
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
