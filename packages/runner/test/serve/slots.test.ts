import { describe, expect, it } from 'vitest';
import { failing, HOUR, LoopKit } from '../support/loop-kit.ts';

describe('the loop', () => {
  it('makes one run at each slot', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    await kit.start();
    await kit.clock.advanceTo('2026-11-23T12:00:00Z');
    expect(kit.runs).toEqual(['2026-11-21T02:00', '2026-11-22T02:00', '2026-11-23T02:00']);
    await kit.end();
  });

  it('makes none for slots that lay before its very first start', async () => {
    const kit = new LoopKit('2026-11-20T02:00:01Z');
    await kit.start();
    await kit.clock.advance(23 * HOUR);
    expect(kit.runs).toEqual([]);
    await kit.end();
  });

  it('makes the run of the very minute in which it starts at the slot', async () => {
    const kit = new LoopKit('2026-11-20T01:59:59Z');
    await kit.start({ schedule: '* * * * *' });
    await kit.clock.advance(2 * 60_000);
    expect(kit.runs).toEqual(['2026-11-20T02:00', '2026-11-20T02:01']);
    await kit.end();
  });

  it('never makes two runs at once, and makes one for all slots that passed during a long one', async () => {
    const kit = new LoopKit('2026-11-20T00:30:00Z');
    let running = 0;
    await kit.start({
      schedule: '0 * * * *',
      run: async () => {
        running += 1;
        expect(running).toBe(1);
        await kit.makeSet(); // it has the moment in its name at which the run began
        if (kit.runs.length === 1) await kit.clock.sleepUntil(new Date('2026-11-20T04:10:00Z'));
        running -= 1;
      },
    });
    await kit.clock.advanceTo('2026-11-20T06:30:00Z');
    expect(kit.runs).toEqual([
      '2026-11-20T01:00',
      '2026-11-20T04:10',
      '2026-11-20T05:00',
      '2026-11-20T06:00',
    ]);
    await kit.end();
  });

  it('goes on after a run that failed, and does not try its slot again', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    await kit.start({ run: failing });
    await kit.clock.advanceTo('2026-11-22T12:00:00Z');
    expect(kit.runs).toEqual(['2026-11-21T02:00', '2026-11-22T02:00']);
    await kit.end();
  });

  it('says when the next run is, at the start and after each run', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    await kit.start();
    await kit.clock.advance(24 * HOUR);
    expect(kit.logged).toEqual([
      'INFO  next run at 2026-11-21T02:00Z',
      'INFO  next run at 2026-11-22T02:00Z',
    ]);
    await kit.end();
  });

  it('makes one run on each night in which Berlin changes its clock', async () => {
    const spring = new LoopKit('2026-03-27T12:00:00Z');
    await spring.start({ schedule: '30 2 * * *', zone: 'Europe/Berlin' });
    await spring.clock.advanceTo('2026-03-30T12:00:00Z');
    // 02:30 does not exist on the 29th: it becomes 03:30 summer time
    expect(spring.runs).toEqual(['2026-03-28T01:30', '2026-03-29T01:30', '2026-03-30T00:30']);
    await spring.end();

    const autumn = new LoopKit('2026-10-23T12:00:00Z');
    await autumn.start({ schedule: '30 2 * * *', zone: 'Europe/Berlin' });
    await autumn.clock.advanceTo('2026-10-26T12:00:00Z');
    expect(autumn.runs).toEqual(['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30']);
    await autumn.end();
  });
});
