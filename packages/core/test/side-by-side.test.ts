import { describe, expect, it } from 'vitest';
import { sideBySide } from '../src/base/side-by-side.ts';

/** A job that ends only when it is told to stop, and takes a while even then. */
function untilStopped(signal: AbortSignal, log: string[]): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      setImmediate(() => {
        log.push('cleaned up');
        reject(new Error('stopped'));
      });
    });
  });
}

describe('jobs side by side', () => {
  it('answer all results, in their order', async () => {
    const both = sideBySide<[number, string]>(undefined, () => [
      new Promise((resolve) => setImmediate(resolve, 1)),
      Promise.resolve('two'),
    ]);
    expect(await both).toEqual([1, 'two']);
  });

  it('fail with the first failure, after the others have cleaned up', async () => {
    const log: string[] = [];
    const failure = new Error('first');
    await expect(
      sideBySide(undefined, (signal) => [untilStopped(signal, log), Promise.reject(failure)]),
    ).rejects.toBe(failure);
    expect(log).toEqual(['cleaned up']);
  });

  it('are all stopped by the signal from outside', async () => {
    const stop = new AbortController();
    const log: string[] = [];
    const all = sideBySide(stop.signal, (signal) => [untilStopped(signal, log), untilStopped(signal, log)]);
    stop.abort();
    await expect(all).rejects.toThrow('stopped');
    expect(log).toEqual(['cleaned up', 'cleaned up']);
  });
});
