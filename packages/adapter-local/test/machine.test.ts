import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import { systemClock } from '../src/machine.ts';
import { failure } from '../../system/test/support/failure.ts';

const timers = vi.hoisted(() => ({
  delays: [] as number[],
  onSleep: (milliseconds: number): unknown => milliseconds,
}));

vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: (milliseconds: number) => {
    timers.delays.push(milliseconds);
    timers.onSleep(milliseconds);
    return Promise.resolve();
  },
}));

const NOON = new Date('2026-01-01T12:00:00Z');
const later = (milliseconds: number): Date => new Date(NOON.getTime() + milliseconds);

describe('the clock of this machine', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOON });
    timers.delays = [];
    timers.onSleep = (milliseconds) => vi.setSystemTime(Date.now() + milliseconds);
  });
  afterEach(() => vi.useRealTimers());

  it('sleeps up to the moment, and looks at the time each minute', async () => {
    await systemClock.sleepUntil(later(150_000));
    expect(timers.delays).toEqual([60_000, 60_000, 30_000]);
    expect(systemClock.now()).toEqual(later(150_000));
  });

  it('does not sleep for a moment that has come', async () => {
    await systemClock.sleepUntil(NOON);
    await systemClock.sleepUntil(later(-1));
    expect(timers.delays).toEqual([]);
  });

  it('sleeps on when a timer rings too early', async () => {
    timers.onSleep = (milliseconds) => vi.setSystemTime(Date.now() + Math.ceil(milliseconds / 2));
    await systemClock.sleepUntil(later(4));
    expect(timers.delays).toEqual([4, 2, 1]);
  });

  it('follows a clock that is set forwards, and one that is set back', async () => {
    timers.onSleep = () => vi.setSystemTime(later(3_600_000));
    await systemClock.sleepUntil(later(1_800_000));
    expect(timers.delays).toEqual([60_000]);
    vi.setSystemTime(NOON);
    let set = false;
    timers.onSleep = (milliseconds) => {
      vi.setSystemTime(Date.now() + (set ? milliseconds : -30_000));
      set = true;
    };
    await systemClock.sleepUntil(later(60_000));
    expect(systemClock.now()).toEqual(later(60_000));
  });

  it('wakes with the reason of the signal', async () => {
    const stop = new AbortController();
    const reason = new BackupError('ABORTED', 'stopped by SIGTERM');
    timers.onSleep = () => {
      stop.abort(reason);
    };
    expect(await failure('ABORTED', systemClock.sleepUntil(later(1_000_000), stop.signal))).toBe(reason);
    await failure('ABORTED', systemClock.sleepUntil(later(-1), AbortSignal.abort()));
  });
});
