import { describe, expect, it } from 'vitest';
import { artifactKey } from '@geolens/backup-core';
import { failing, HOUR, LoopKit } from '../support/loop-kit.ts';

describe('at a start', () => {
  it.each([
    ['empty', 'no set', ['2026-11-20T12:00']],
    ['empty', 'a set', []],
    ['always', 'a set', ['2026-11-20T12:00']],
    ['never', 'no set', []],
  ] as const)(
    'with BACKUP_ON_START=%s and %s in the store the runs are %j',
    async (onStart, content, runs) => {
      const kit = new LoopKit('2026-11-20T12:00:00Z');
      if (content === 'a set') await kit.makeSet();
      await kit.start({ onStart });
      await kit.clock.advance(HOUR);
      expect(kit.runs).toEqual(runs);
      await kit.end();
    },
  );

  it('twenty restarts make no run while there are sets, so that real history is not pushed out', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    await kit.makeSet();
    for (let restart = 0; restart < 20; restart += 1) {
      await kit.start({ onStart: 'empty' });
      await kit.clock.advance(60_000);
      await kit.end();
    }
    expect(kit.runs).toEqual([]);
  });

  it('a set that is not whole, or of another database, is none', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    kit.store.artifacts.set(artifactKey('daily', 'geolens_20261119_020000.dump'), Buffer.alloc(0));
    await kit.makeSet('neighbour');
    await kit.start({ onStart: 'empty' });
    expect(kit.runs).toHaveLength(1);
    await kit.end();
  });

  it('the first run leaves the schedule as it is: the next slot is run, the last one is not', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    await kit.start({ onStart: 'empty', run: failing });
    await kit.clock.advanceTo('2026-11-21T12:00:00Z');
    expect(kit.runs).toEqual(['2026-11-20T12:00', '2026-11-21T02:00']);
    await kit.end();
  });

  it('with a run of its own the slot that was slept through needs no second one', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    kit.journal.state = { firstStartAt: '2026-11-01T00:00:00.000Z' };
    await kit.start({ onStart: 'always', run: failing });
    await kit.clock.advance(HOUR);
    expect(kit.runs).toEqual(['2026-11-20T12:00']);
    await kit.end();
  });
});
