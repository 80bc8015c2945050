import { describe, expect, it, vi } from 'vitest';
import { confirmed } from '../../src/present/confirm.ts';
import type { Terminal } from '../../src/io.ts';

const io = { stdout: () => undefined, stderr: () => undefined };
const terminal = (ask: Terminal['ask']): Terminal => ({ ask, status: () => undefined });
const answers = (text: string): Terminal => terminal(() => Promise.resolve(text));
const silent = terminal(
  (_, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('no answer'));
      });
    }),
);

describe('a question', () => {
  it.each([
    ['y', true],
    [' YES ', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
  ])('is answered by %j: %s', async (text, answer) => {
    const { signal } = new AbortController();
    expect(await confirmed({ io: { ...io, terminal: answers(text) }, signal }, 'Go on?', false)).toBe(answer);
  });

  it('is not asked without a terminal, or if consent was given before', async () => {
    const { signal } = new AbortController();
    expect(await confirmed({ io, signal }, 'Go on?', false)).toBe(true);
    expect(await confirmed({ io: { ...io, terminal: silent }, signal }, 'Go on?', true)).toBe(true);
  });

  it('is declined if there is no answer in ten minutes', async () => {
    const limit = new AbortController();
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(limit.signal);
    const { signal } = new AbortController();
    const asked = confirmed({ io: { ...io, terminal: silent }, signal }, 'Go on?', false);
    limit.abort();
    expect(await asked).toBe(false);
    expect(timeout).toHaveBeenCalledWith(600_000);
    timeout.mockRestore();
  });

  it('ends with the process', async () => {
    const stop = new AbortController();
    const asked = confirmed({ io: { ...io, terminal: silent }, signal: stop.signal }, 'Go on?', false);
    stop.abort();
    await expect(asked).rejects.toThrow('no answer');
  });
});
