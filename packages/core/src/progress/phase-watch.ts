import type { ArtifactSource } from '../ports/artifact-store.ts';

/**
 * So much passes between two words on how far a phase is: many a second, and few beside the chunks
 * themselves.
 */
const REPORT_EVERY_BYTES = 1_000_000;

/** Counts the bytes of one phase as they pass. */
export class PhaseWatch {
  private readonly emit: (bytes: number) => void;
  private bytes = 0;
  private reported = 0;

  /** @param tell gets all bytes so far, now and then */
  constructor(emit: (bytes: number) => void) {
    this.emit = emit;
  }

  async *content(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
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
