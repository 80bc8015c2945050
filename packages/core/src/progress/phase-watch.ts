import type { ArtifactSource } from '../ports/artifact-store.ts';
import type { Stall } from './stall.ts';

/** Bytes between progress events: many events a second, but few compared with the chunks. */
const REPORT_EVERY_BYTES = 1_000_000;

/** Counts the bytes of one phase. */
export class PhaseWatch {
  private readonly emit: (bytes: number) => void;
  private readonly stall: Stall | undefined;
  private bytes = 0;
  private reported = 0;

  /**
   * @param emit called from time to time with the total number of bytes so far
   * @param stall watches the phase; `undefined` if it may wait without limit
   */
  constructor(emit: (bytes: number) => void, stall?: Stall) {
    this.emit = emit;
    this.stall = stall;
  }

  /** Returns a signal that fires with the given one, or if the phase stalls. */
  until<S extends AbortSignal | undefined>(signal: S): AbortSignal | S {
    if (this.stall === undefined) return signal;
    return signal === undefined ? this.stall.signal : AbortSignal.any([signal, this.stall.signal]);
  }

  /** Records progress without bytes. */
  readonly move = (): void => {
    this.stall?.move();
  };

  /** Runs a part of the phase that transfers no bytes through this process and has its own limit. */
  async apart<T>(work: () => Promise<T>): Promise<T> {
    return this.stall === undefined ? work() : this.stall.apart(work);
  }

  async *content(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.stall?.content(chunks) ?? chunks) {
      yield chunk;
      this.bytes += chunk.length;
      if (this.bytes - this.reported < REPORT_EVERY_BYTES) continue;
      this.reported = this.bytes;
      this.emit(this.bytes);
    }
  }

  /** Returns the source with all reads counted. Repeated reads count repeatedly. */
  source(source: ArtifactSource): ArtifactSource {
    const { bytes, sha256, path } = source;
    return {
      bytes,
      sha256,
      ...(path !== undefined && { path }),
      open: (range, options) => this.content(source.open(range, options)),
    };
  }
}
