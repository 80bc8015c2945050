import type { ArtifactSource } from '../ports/artifact-store.ts';
import type { Stall } from './stall.ts';

/**
 * So much passes between two words on how far a phase is: many a second, and few beside the chunks
 * themselves.
 */
const REPORT_EVERY_BYTES = 1_000_000;

/** Counts the bytes of one phase as they pass. */
export class PhaseWatch {
  private readonly emit: (bytes: number) => void;
  private readonly stall: Stall | undefined;
  private bytes = 0;
  private reported = 0;

  /**
   * @param emit gets all bytes so far, now and then
   * @param stall watches the phase; none where it may wait without end
   */
  constructor(emit: (bytes: number) => void, stall?: Stall) {
    this.emit = emit;
    this.stall = stall;
  }

  /** Returns a signal that fires with the given one, and when the phase stalls. */
  until<S extends AbortSignal | undefined>(signal: S): AbortSignal | S {
    if (this.stall === undefined) return signal;
    return signal === undefined ? this.stall.signal : AbortSignal.any([signal, this.stall.signal]);
  }

  /** Notes progress that no byte shows. */
  readonly move = (): void => {
    this.stall?.move();
  };

  /** Does a part of the phase that moves no byte through this process, and has its own end. */
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

  /** The same source, whose every reading is counted: what is read twice counts twice. */
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
