import { describe, expect, it } from 'vitest';
import { DAY, failing, LoopKit, type LoopChange } from '../support/loop-kit.ts';

/** A loop that has made its run of the 21st, and was ended at noon. */
async function stoppedAtNoon(change: LoopChange = {}): Promise<LoopKit> {
  const kit = new LoopKit('2026-11-20T12:00:00Z');
  await kit.start(change);
  await kit.clock.advanceTo('2026-11-21T12:00:00Z');
  await kit.end();
  return kit;
}

describe('after a restart', () => {
  it('one run makes up for a slot that was slept through, and says so', async () => {
    const kit = await stoppedAtNoon();
    kit.clock.jumpTo('2026-11-22T09:00:00Z');
    await kit.start();
    expect(kit.runs).toEqual(['2026-11-21T02:00', '2026-11-22T09:00']);
    expect(kit.logged).toContain(
      'INFO  the run of 2026-11-22T02:00:00.000Z was missed and is made up for now',
    );
    await kit.clock.advanceTo('2026-11-23T12:00:00Z');
    expect(kit.runs.slice(2)).toEqual(['2026-11-23T02:00']);
    await kit.end();
  });

  it('one run makes up for a whole week', async () => {
    const kit = await stoppedAtNoon();
    kit.clock.jumpTo('2026-11-28T09:00:00Z');
    await kit.start();
    await kit.clock.advance(60_000);
    expect(kit.runs.slice(1)).toEqual(['2026-11-28T09:00']);
    await kit.end();
  });

  it('one run makes up for a week in which the machine slept with the process', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    await kit.start();
    kit.clock.jumpTo('2026-11-27T09:00:00Z');
    await kit.clock.advance(DAY);
    expect(kit.runs).toEqual(['2026-11-27T09:00', '2026-11-28T02:00']);
    await kit.end();
  });

  it.each([
    ['was made', undefined],
    ['failed', failing],
  ])('no run makes up for a slot whose run %s', async (_, run) => {
    const kit = await stoppedAtNoon(run && { run });
    await kit.start();
    await kit.clock.advance(60_000);
    expect(kit.runs).toEqual(['2026-11-21T02:00']);
    await kit.end();
  });

  it('no run makes up for a slot after which somebody made one by hand', async () => {
    const kit = await stoppedAtNoon();
    kit.clock.jumpTo('2026-11-22T08:00:00Z');
    await kit.makeSet();
    kit.clock.jumpTo('2026-11-22T09:00:00Z');
    await kit.start();
    expect(kit.runs).toEqual(['2026-11-21T02:00']);
    await kit.end();
  });

  it('a set of another database in the same folder does not count as ours', async () => {
    const kit = await stoppedAtNoon();
    kit.clock.jumpTo('2026-11-22T08:00:00Z');
    await kit.makeSet('neighbour');
    await kit.start();
    expect(kit.runs).toEqual(['2026-11-21T02:00', '2026-11-22T08:00']);
    await kit.end();
  });

  it('a slot whose run was cut off is tried once more, and then no more', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    // a run that never ends, in a process that is then gone without a word
    const cutOff = async (): Promise<void> => {
      await kit.start({ run: () => new Promise<void>(() => undefined) });
      await kit.clock.advanceTo(
        new Date(Math.max(kit.clock.now().getTime(), Date.parse('2026-11-21T02:00:30Z'))),
      );
    };
    await cutOff();
    expect(kit.journal.state.lastSlot).toEqual({
      slot: '2026-11-21T02:00:00.000Z',
      attempts: 1,
      settled: false,
    });
    await cutOff();
    await cutOff();
    await cutOff();
    expect(kit.runs).toHaveLength(2);
    await kit.start();
    await kit.clock.advanceTo('2026-11-22T03:00:00Z');
    expect(kit.runs.at(-1)).toBe('2026-11-22T02:00');
    await kit.end();
  });

  it('nothing is made up for when catching up is off, but what passes during a run still is', async () => {
    const kit = await stoppedAtNoon({ catchUp: false });
    kit.clock.jumpTo('2026-11-22T09:00:00Z');
    await kit.start({
      catchUp: false,
      run: async () => kit.clock.sleepUntil(new Date('2026-11-24T03:00:00Z')),
    });
    expect(kit.runs).toHaveLength(1);
    await kit.clock.advanceTo('2026-11-24T12:00:00Z');
    expect(kit.runs.slice(1)).toEqual(['2026-11-23T02:00', '2026-11-24T03:00']);
    await kit.end();
  });

  it('a slot is made up for although the journal is lost, when sets tell that it was not made', async () => {
    const kit = await stoppedAtNoon();
    kit.journal.state = { firstStartAt: '2026-11-01T00:00:00.000Z' };
    await kit.start();
    expect(kit.runs).toHaveLength(1);
    await kit.end();
    kit.clock.jumpTo('2026-11-22T09:00:00Z');
    await kit.start();
    expect(kit.runs).toHaveLength(2);
    await kit.end();
  });

  it.each([
    [{ lastSlot: null }],
    [{ firstStartAt: 'yesterday', lastSlot: 'x' }],
    [{ lastSlot: { slot: 'now', attempts: '1' } }],
  ])('a journal that holds nonsense (%j) does no harm', async (nonsense) => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    kit.journal.state = nonsense as never;
    await kit.start();
    kit.runs.length = 0;
    await kit.clock.advance(2 * DAY);
    expect(kit.runs).toEqual(['2026-11-21T02:00', '2026-11-22T02:00']);
    await kit.end();
  });
});
