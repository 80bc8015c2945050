import type { Clock } from '../ports/clock.ts';
import type { RestorerEvent } from '../ports/dump-restorer.ts';
import type { RestoreArtifact } from '../ports/restore-artifact.ts';
import { unlessStalled, type StallLimit } from '../progress/stall.ts';
import type { Copy } from './copy.ts';

export interface ReadingLimits {
  readonly clock: Clock;
  /** Undefined: no limit. */
  readonly bytesPerSecond: number | undefined;
  readonly observer: ((event: RestorerEvent) => void) | undefined;
  readonly signal: AbortSignal;
  /** How long a reading may wait for a chunk; without end when undefined. */
  readonly stall: StallLimit | undefined;
}

/** So much is read between two looks at the clock, and between two words on how far it is. */
const CHECK_EVERY_BYTES = 4 * 1024 * 1024;

/**
 * The copy with its whole readings watched: no faster than allowed, over all its artifacts together, and
 * telling how far they are.
 */
export function watchReading(copy: Copy, limits: ReadingLimits): Copy {
  const entries = Object.entries(copy.artifacts);
  const watch = new Watch(
    entries.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    limits,
  );
  const watched = (artifact: RestoreArtifact): RestoreArtifact => {
    const source = unlessStalled(artifact, limits.stall, `reading ${artifact.name} from ${copy.label}`);
    return {
      ...source,
      open: (range, options) =>
        range === undefined ? watch.chunks(source.open(undefined, options)) : source.open(range, options),
    };
  };
  return {
    ...copy,
    artifacts: Object.fromEntries(entries.map(([kind, artifact]) => [kind, watched(artifact)])),
  };
}

/** The copy as nothing but bytes: a program that is given a file reads it by itself, as fast as it can. */
export function withoutFiles(copy: Copy): Copy {
  return {
    ...copy,
    artifacts: Object.fromEntries(
      Object.entries(copy.artifacts).map(([kind, artifact]) => [kind, { ...artifact, path: undefined }]),
    ),
  };
}

class Watch {
  private readonly total: number;
  private readonly limits: ReadingLimits;
  /** Milliseconds of reading and waiting so far. */
  private elapsed = 0;
  /** When the clock was last looked at: it may be set back meanwhile. */
  private checkedAt: number | undefined;
  private done = 0;
  private unreported = 0;

  constructor(total: number, limits: ReadingLimits) {
    this.total = total;
    this.limits = limits;
  }

  async *chunks(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.checkedAt ??= this.limits.clock.now().getTime();
    for await (const chunk of content) {
      yield chunk;
      this.done += chunk.length;
      this.unreported += chunk.length;
      if (this.unreported < CHECK_EVERY_BYTES) continue;
      this.unreported = 0;
      this.limits.observer?.({
        event: 'progress',
        step: 'read',
        done: Math.min(this.done, this.total),
        total: this.total,
        unit: 'bytes',
      });
      await this.wait();
    }
  }

  private async wait(): Promise<void> {
    const { bytesPerSecond, clock, signal } = this.limits;
    if (bytesPerSecond === undefined) return;
    const now = clock.now().getTime();
    this.elapsed += Math.max(0, now - (this.checkedAt ?? now));
    this.checkedAt = now;
    const wait = (this.done / bytesPerSecond) * 1000 - this.elapsed;
    if (wait > 0) await clock.sleepUntil(new Date(now + wait), signal);
  }
}
