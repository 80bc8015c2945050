import type { Clock } from '../ports/clock.ts';
import type { RestorerEvent } from '../ports/dump-restorer.ts';
import type { SetCopy } from '../ports/set-copy.ts';
import { unlessStalled, type StallLimit } from '../progress/stall.ts';
import { mapArtifacts } from './set-copy.ts';

export interface ReadingLimits {
  readonly clock: Clock;
  /** Maximum rate. `undefined`: no limit. */
  readonly bytesPerSecond: number | undefined;
  readonly observer: ((event: RestorerEvent) => void) | undefined;
  /** Step of the progress events. Defaults to `read`. */
  readonly step?: string | undefined;
  /** Number of times that the artifacts are read. Defaults to 1. */
  readonly passes?: number | undefined;
  readonly signal: AbortSignal;
  /** Maximum wait for a chunk. `undefined`: no limit. */
  readonly stall: StallLimit | undefined;
}

/** Bytes between throttle checks and progress events. */
const CHECK_EVERY_BYTES = 4 * 1024 * 1024;

/** Returns the copy with whole reads watched: they report progress and share one rate limit. */
export function watchReading(copy: SetCopy, limits: ReadingLimits): SetCopy {
  const bytes = Object.values(copy.artifacts).reduce((sum, artifact) => sum + artifact.bytes, 0);
  const watch = new Watch(bytes, limits);
  return mapArtifacts(withStall(copy, limits.stall), (artifact) => ({
    ...artifact,
    open: (range, options) =>
      range === undefined ? watch.chunks(artifact.open(undefined, options)) : artifact.open(range, options),
  }));
}

/** Returns the copy with reads that fail if they wait too long for a chunk. */
export function withStall(copy: SetCopy, stall: StallLimit | undefined): SetCopy {
  return mapArtifacts(copy, (artifact) =>
    unlessStalled(artifact, stall, `reading ${artifact.name} from ${copy.label}`),
  );
}

/** Returns the copy without paths, because a program that gets a path reads the file at full speed. */
export function withoutFiles(copy: SetCopy): SetCopy {
  return mapArtifacts(copy, (artifact) => ({ ...artifact, path: undefined }));
}

class Watch {
  private readonly total: number;
  private readonly limits: ReadingLimits;
  /** Milliseconds of reading and waiting so far. */
  private elapsed = 0;
  /** Time of the last check. The clock may be set back meanwhile. */
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
        step: this.limits.step ?? 'read',
        done: Math.min(Math.floor(this.done / (this.limits.passes ?? 1)), this.total),
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
