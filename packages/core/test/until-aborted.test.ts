import { expect, it } from 'vitest';
import { untilAborted } from '../src/base/until-aborted.ts';

const never = new Promise<never>(() => undefined);

it('returns what the work returns, with a signal or without', async () => {
  expect(await untilAborted(Promise.resolve(1), undefined)).toBe(1);
  expect(await untilAborted(Promise.resolve(1), new AbortController().signal)).toBe(1);
});

it('rejects if the signal fires while the work hangs, or has fired before', async () => {
  const stop = new AbortController();
  const waiting = untilAborted(never, stop.signal);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(untilAborted(never, stop.signal)).rejects.toMatchObject({ code: 'ABORTED' });
});
