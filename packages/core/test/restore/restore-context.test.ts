import { expect, it } from 'vitest';
import type { RestorerEvent } from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { readAll } from '../../src/testing/sources.ts';
import type { SetCopy } from '../../src/ports/set-copy.ts';
import { RestoreContext, type RestoreParts, type RestoreRequest } from '../../src/restore/restore-context.ts';

const MEGABYTE = new Uint8Array(1024 * 1024);

it('reports reads of a step while it lasts, and halves them for a step that reads twice', async () => {
  const events: RestorerEvent[] = [];
  const signal = new AbortController().signal;
  const context = new RestoreContext(
    { clock: new ManualClock(new Date(0)) } as unknown as RestoreParts,
    {} as RestoreRequest,
    { signal, observer: (event) => events.push(event) },
    signal,
  );
  const staging = {
    name: 'staging.tar',
    bytes: 8 * MEGABYTE.length,
    async *open() {
      for (let count = 0; count < 8; count += 1) yield await Promise.resolve(MEGABYTE);
    },
  };
  const copy = context.watch({ label: 'set', artifacts: { staging } } as unknown as SetCopy, 'check');
  const toUnpack = context.watch(copy, 'unpack', 2);
  const read = async (from: SetCopy): Promise<readonly unknown[]> => {
    events.length = 0;
    await readAll(from.artifacts.staging!.open());
    return events.map((event) => event.event === 'progress' && [event.step, event.done / MEGABYTE.length]);
  };
  context.step('check');
  expect(await read(copy)).toEqual([
    ['check', 4],
    ['check', 8],
  ]);
  context.step('unpack');
  expect(await read(toUnpack)).toEqual([
    ['unpack', 2],
    ['unpack', 4],
  ]);
  expect(await read(toUnpack)).toEqual([
    ['unpack', 6],
    ['unpack', 8],
  ]);
});
