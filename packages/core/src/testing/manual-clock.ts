import { abortedBy } from '../base/errors.ts';
import type { Clock } from '../ports/clock.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/**
 * A clock that only moves on request. Wakes sleepers at their moments. Each run needs a second of its own:
 * advance the clock between two runs, or the second one fails with STALLED.
 */
export class ManualClock implements Clock {
  private millis: number;
  private readonly sleepers = new Set<Sleeper>();

  constructor(start: Date | string) {
    this.millis = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.millis);
  }

  sleepUntil(moment: Date, signal: AbortSignal = new AbortController().signal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortedBy(signal));
    if (moment.getTime() <= this.millis) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.sleepers.delete(sleeper);
        reject(abortedBy(signal));
      };
      const wake = (): void => {
        signal.removeEventListener('abort', abort);
        resolve();
      };
      const sleeper: Sleeper = { until: moment.getTime(), wake };
      signal.addEventListener('abort', abort, { once: true });
      this.sleepers.add(sleeper);
    });
  }

  /**
   * Advances the time to the moment. Wakes sleepers in the order of their moments. Each can act and sleep
   * again before the time advances further.
   */
  async advanceTo(moment: Date | string): Promise<void> {
    const end = new Date(moment).getTime();
    for (;;) {
      await settled();
      const due = [...this.sleepers]
        .filter(({ until }) => until <= end)
        .sort((one, other) => one.until - other.until)[0];
      if (due === undefined) break;
      this.millis = Math.max(this.millis, due.until);
      this.sleepers.delete(due);
      due.wake();
    }
    this.millis = end;
    await settled();
  }

  /** Advances the time by milliseconds, as `advanceTo` does. */
  async advance(milliseconds: number): Promise<void> {
    await this.advanceTo(new Date(this.millis + milliseconds));
  }

  /**
   * Sets the clock forwards or backwards, as an operator or a time server does. Wakes sleepers whose moment
   * has come.
   */
  jumpTo(moment: Date | string): void {
    this.millis = new Date(moment).getTime();
    for (const sleeper of [...this.sleepers].filter(({ until }) => until <= this.millis)) {
      this.sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

/** Waits until all work that needs no time has completed. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
