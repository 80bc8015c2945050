import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failing, LoopKit, type LoopChange } from '../support/loop-kit.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Five minutes pass for the process, whatever its clock shows. */
async function lookAtClock(kit: LoopKit): Promise<void> {
  vi.advanceTimersByTime(5 * 60_000);
  await kit.clock.advance(0);
}

/** A loop that has made its run of the 21st at 02:00; the clock is then set. */
async function after(clock: string, change: LoopChange = {}): Promise<LoopKit> {
  const kit = new LoopKit('2026-11-19T12:00:00Z');
  await kit.start(change);
  await kit.clock.advanceTo('2026-11-21T02:30:00Z');
  expect(kit.runs.splice(0)).toEqual(['2026-11-20T02:00', '2026-11-21T02:00']);
  kit.clock.jumpTo(clock);
  return kit;
}

describe.each([
  ['good', undefined],
  ['failing', failing],
])('when the clock is set, after %s runs', (_, run) => {
  const change = run === undefined ? {} : { run };

  it('back by an hour, the slot that comes a second time makes no second run', async () => {
    const kit = await after('2026-11-21T01:30:00Z', change);
    await kit.clock.advanceTo('2026-11-22T03:00:00Z');
    expect(kit.runs).toEqual(['2026-11-22T02:00']);
    await kit.end();
  });

  it('forward by some hours, the slot that was jumped over is made up for once', async () => {
    const kit = await after('2026-11-22T05:00:00Z', change);
    await kit.clock.advanceTo('2026-11-23T03:00:00Z');
    expect(kit.runs).toEqual(['2026-11-22T05:00', '2026-11-23T02:00']);
    await kit.end();
  });

  it('forward by a year and back again, the runs go on', async () => {
    const kit = await after('2027-11-21T05:00:00Z', change);
    await kit.clock.advance(60_000);
    expect(kit.runs.splice(0)).toEqual(['2027-11-21T05:00']);
    kit.clock.jumpTo('2026-11-21T03:00:00Z');
    await lookAtClock(kit);
    await kit.clock.advanceTo('2026-11-24T03:00:00Z');
    expect(kit.runs.slice(-3)).toEqual(['2026-11-22T02:00', '2026-11-23T02:00', '2026-11-24T02:00']);
    expect(kit.runs.length).toBeLessThanOrEqual(4);
    await kit.end();
  });
});

it('back by a day, the next slots are run', async () => {
  const kit = await after('2026-11-20T02:30:00Z');
  await lookAtClock(kit);
  await kit.clock.advanceTo('2026-11-23T03:00:00Z');
  expect(kit.runs.slice(-2)).toEqual(['2026-11-22T02:00', '2026-11-23T02:00']);
  expect(kit.runs.length).toBeLessThanOrEqual(3);
  await kit.end();
});

it('back by a month, the loop looks at the clock and does not sleep until the slot it had in mind', async () => {
  const kit = await after('2026-10-20T12:00:00Z');
  await lookAtClock(kit);
  await kit.clock.advanceTo('2026-10-22T12:00:00Z');
  expect(kit.runs.filter((run) => run.endsWith('T02:00'))).toEqual(['2026-10-21T02:00', '2026-10-22T02:00']);
  await kit.end();
});
