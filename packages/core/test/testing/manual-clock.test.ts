import { describe, expect, it } from 'vitest';
import { BackupError } from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';

const START = '2026-01-01T00:00:00.000Z';
const after = (seconds: number): Date => new Date(Date.parse(START) + seconds * 1000);

describe('the manual clock', () => {
  it('stands still until it is told to move, and gives a date of its own each time', async () => {
    const clock = new ManualClock(START);
    clock.now().setFullYear(1999);
    expect(clock.now()).toEqual(new Date(START));
    await clock.advance(1500);
    expect(clock.now()).toEqual(after(1.5));
  });

  it('wakes sleepers in the order of their moments, each at its own', async () => {
    const clock = new ManualClock(START);
    const woken: string[] = [];
    for (const seconds of [30, 10, 20, 61])
      void clock
        .sleepUntil(after(seconds))
        .then(() => woken.push(`${seconds} at ${(clock.now().getTime() - Date.parse(START)) / 1000}`));
    await clock.advance(60_000);
    expect(woken).toEqual(['10 at 10', '20 at 20', '30 at 30']);
    expect(clock.now()).toEqual(after(60));
  });

  it('lets a loop sleep again and again on the way', async () => {
    const clock = new ManualClock(START);
    const ticks: number[] = [];
    void (async () => {
      for (let tick = 1; tick <= 5; tick += 1) {
        await clock.sleepUntil(after(tick * 10));
        ticks.push(clock.now().getTime());
      }
    })();
    await clock.advanceTo(after(35));
    expect(ticks).toEqual([10, 20, 30].map((seconds) => after(seconds).getTime()));
  });

  it('does not sleep until a moment that has come', async () => {
    const clock = new ManualClock(START);
    await clock.sleepUntil(new Date(START));
    await clock.sleepUntil(after(-1));
  });

  it('wakes those whose moment a jump forward has passed, and nobody in a jump back', async () => {
    const clock = new ManualClock(START);
    const woken: string[] = [];
    void clock.sleepUntil(after(10)).then(() => woken.push('ten'));
    clock.jumpTo(after(-3600));
    await clock.advance(0);
    expect(woken).toEqual([]);
    clock.jumpTo(after(10));
    await clock.advance(0);
    expect(woken).toEqual(['ten']);
  });

  it('rejects a sleeper whose signal fires, before or while it sleeps, and forgets it', async () => {
    const clock = new ManualClock(START);
    await expect(clock.sleepUntil(after(10), AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
    const stop = new AbortController();
    const sleeping = clock.sleepUntil(after(10), stop.signal);
    const reason = new BackupError('ABORTED', 'SIGTERM');
    stop.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await clock.advance(20_000);
  });
});
