import { describe, expect, it } from 'vitest';
import { isBackupError } from '../../src/index.ts';
import { Stall, type StallOptions } from '../../src/internal.ts';
import { unlessStalled } from '../../src/progress/stall.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

const MINUTE = 60_000;
const START = '2026-11-22T02:00:00Z';

function newStall(options: Partial<StallOptions> = {}): { clock: ManualClock; stall: Stall } {
  const clock = new ManualClock(START);
  const limit = { clock, milliseconds: 15 * MINUTE };
  return { clock, stall: new Stall(limit, { what: 'the dump from db:5432', ...options }) };
}

/** Work that ends by the signal alone. */
function hanging(stall: Stall): Promise<never> {
  return new Promise((_, reject) => {
    stall.signal.addEventListener('abort', () => {
      reject(new Error('ended'));
    });
  });
}

/** Chunks that are handed out by hand. */
class Source {
  closed = false;
  private give: ((chunk: Uint8Array) => void) | undefined;

  async *content(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await new Promise<Uint8Array>((resolve) => (this.give = resolve));
    } finally {
      this.closed = true;
    }
  }

  send(bytes: number): void {
    this.give?.(new Uint8Array(bytes));
  }
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('work', () => {
  it('that makes no progress for the limit fails with STALLED, and names what, how long, since when and how far', async () => {
    const { clock, stall } = newStall();
    const failure = failureOf(stall.during(() => hanging(stall)));
    await clock.advance(4 * MINUTE);
    stall.move(1234);
    await clock.advance(14 * MINUTE);
    expect(stall.signal.aborted).toBe(false);
    await clock.advance(3 * MINUTE);
    const error = await failure;
    if (!isBackupError(error, 'STALLED')) throw error;
    expect(error.message).toBe(
      'the dump from db:5432 stalled: no progress for 15 min, since 2026-11-22T02:04:00.000Z, after 1234 bytes',
    );
    expect(error.details.reason).toBe('no-progress');
  });

  it('that goes on may take any time', async () => {
    const { clock, stall } = newStall();
    const end = Promise.withResolvers<string>();
    const work = stall.during(() => end.promise);
    for (let minutes = 0; minutes < 1000; minutes += 10) {
      stall.move();
      await clock.advance(10 * MINUTE);
    }
    end.resolve('done');
    expect(await work).toBe('done');
    await clock.advance(100 * MINUTE);
    expect(stall.signal.aborted).toBe(false);
  });

  it('that fails by itself fails with its own error', async () => {
    const { stall } = newStall();
    await expect(stall.during(() => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });

  it('is no stall where a part of it has its own end', async () => {
    const { clock, stall } = newStall();
    const copied = Promise.withResolvers<undefined>();
    const work = failureOf(
      stall.during(async () => {
        await stall.apart(() => copied.promise);
        return hanging(stall);
      }),
    );
    await clock.advance(600 * MINUTE);
    expect(stall.signal.aborted).toBe(false);
    copied.resolve(undefined);
    await clock.advance(17 * MINUTE);
    expect(isBackupError(await work, 'STALLED')).toBe(true);
  });

  it('is no stall as long as the other side answers that it works', async () => {
    let works = true;
    const { clock, stall } = newStall({ working: () => Promise.resolve(works) });
    const failure = failureOf(stall.during(() => hanging(stall)));
    await clock.advance(600 * MINUTE);
    expect(stall.signal.aborted).toBe(false);
    works = false;
    await clock.advance(18 * MINUTE);
    expect(isBackupError(await failure, 'STALLED')).toBe(true);
  });

  it.each<[string, StallOptions['working']]>([
    ['fails', () => Promise.reject(new Error('no connection'))],
    ['never comes', () => new Promise(() => undefined)],
  ])('stalls when the answer %s', async (_, working) => {
    const { clock, stall } = newStall({ working });
    const failure = failureOf(stall.during(() => hanging(stall)));
    await clock.advance(17 * MINUTE);
    expect(isBackupError(await failure, 'STALLED')).toBe(true);
  });

  it('is no stall because the clock jumps ahead', async () => {
    const { clock, stall } = newStall();
    const failure = failureOf(stall.during(() => hanging(stall)));
    await clock.advance(MINUTE);
    clock.jumpTo('2027-11-22T02:00:00Z');
    await clock.advance(10 * MINUTE);
    expect(stall.signal.aborted).toBe(false);
    await clock.advance(6 * MINUTE);
    expect(isBackupError(await failure, 'STALLED')).toBe(true);
  });
});

describe('content', () => {
  it('passes every chunk on, and fails while it waits for one that does not come', async () => {
    const { clock, stall } = newStall();
    const source = new Source();
    let bytes = 0;
    const failure = failureOf(
      stall.during(async () => {
        for await (const chunk of stall.content(source.content())) bytes += chunk.length;
      }),
    );
    for (let count = 0; count < 3; count += 1) {
      await clock.advance(10 * MINUTE);
      source.send(100);
    }
    await clock.advance(17 * MINUTE);
    const error = await failure;
    expect(isBackupError(error, 'STALLED') && error.message).toContain('after 300 bytes');
    expect(bytes).toBe(300);
  });

  it('is closed when its reader leaves it', async () => {
    const { clock, stall } = newStall();
    const source = new Source();
    const reading = (async () => {
      for await (const chunk of stall.content(source.content())) return chunk.length;
      return 0;
    })();
    await clock.advance(MINUTE);
    source.send(7);
    expect([await reading, source.closed]).toEqual([7, true]);
  });
});

describe('a source', () => {
  it('that is read slowly does not stall, and one that sends nothing does', async () => {
    const clock = new ManualClock(START);
    const source = new Source();
    const { open } = unlessStalled(
      { open: () => source.content() },
      { clock, milliseconds: 15 * MINUTE },
      'reading',
    );
    const failure = failureOf(
      (async () => {
        for await (const chunk of open())
          await clock.sleepUntil(new Date(clock.now().getTime() + 60 * MINUTE * chunk.length));
      })(),
    );
    for (let count = 0; count < 2; count += 1) {
      await clock.advance(MINUTE);
      source.send(1);
      await clock.advance(60 * MINUTE);
    }
    await clock.advance(17 * MINUTE);
    expect(isBackupError(await failure, 'STALLED')).toBe(true);
  });

  it('is the same source without a limit', () => {
    const source = { open: () => new Source().content() };
    expect(unlessStalled(source, undefined, 'reading')).toBe(source);
  });
});
