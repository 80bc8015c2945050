import { describe, expect, it } from 'vitest';
import { BackupError, type RunJournal } from '@geolens/backup-core';
import { FaultyStore } from '@geolens/backup-core/testing';
import { failing, HOUR, LoopKit } from '../support/loop-kit.ts';

const READ_ONLY: RunJournal = {
  read: () => Promise.resolve({ firstStartAt: '2026-11-01T00:00:00.000Z' }),
  update: () => Promise.reject(new BackupError('STORE_UNAVAILABLE', '/backups: the volume is read-only')),
};

describe('the loop', () => {
  it.each([
    ['good', undefined],
    ['failing', failing],
  ])('makes one %s run at each slot although its journal cannot be written, and says so', async (_, run) => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    await kit.makeSet();
    await kit.start({ journal: READ_ONLY, ...(run && { run }) });
    await kit.clock.advanceTo('2026-11-22T12:00:00Z');
    expect(kit.runs).toEqual(['2026-11-21T02:00', '2026-11-22T02:00']);
    expect(kit.logged).toContain('WARN  what was done could not be noted: /backups: the volume is read-only');
    await kit.end();
  });

  it.each([
    ['is there', 0],
    ['is not there', 1],
  ])(
    'although its journal cannot be read knows that the set of the last slot %s, and writes nothing over the journal',
    async (there, runs) => {
      const kit = new LoopKit('2026-11-20T02:00:00Z');
      if (there === 'is there') await kit.makeSet();
      await kit.clock.advance(10 * HOUR);
      const state = { firstStartAt: '2026-11-01T00:00:00.000Z' };
      kit.journal.state = state;
      kit.journal.read = () => Promise.reject(new BackupError('STORE_FAILED', 'journal: EIO'));
      await kit.start();
      expect(kit.runs).toHaveLength(runs);
      expect(kit.journal.state.firstStartAt).toBe(state.firstStartAt);
      expect(kit.logged.join()).toContain('journal: EIO');
      await kit.end();
    },
  );

  it('makes one run at each slot although the store cannot be read, and tells it once a slot', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    const primary = new FaultyStore(
      kit.store,
      () => new BackupError('STORE_UNAVAILABLE', '/backups: the folder is not there'),
    );
    await kit.start({ primary });
    await kit.clock.advanceTo('2026-11-22T12:00:00Z');
    expect(kit.runs).toEqual(['2026-11-21T02:00', '2026-11-22T02:00']);
    expect(kit.logged.filter((line) => line.includes('the folder is not there'))).toHaveLength(2);
    await kit.end();
  });

  it('does not look into the store while no slot is due', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    const primary = new FaultyStore(kit.store, () => undefined);
    await kit.start({ primary });
    await kit.clock.advanceTo('2026-11-21T01:59:00Z');
    expect(primary.calls).toEqual([]);
    await kit.end();
  });

  it('ends at once when it is asked to while it waits', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    await kit.start();
    await kit.end(); // time stands still: only a loop that listens gets there
    expect(kit.runs).toEqual([]);
  });

  it('ends as soon as the run that it is in does, starts no other, and leaves the slot to the next start', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    await kit.start({
      schedule: '* * * * *',
      run: async () => {
        await kit.clock.sleepUntil(new Date('2026-11-20T13:00:00Z'), kit.stop.signal).catch(() => undefined);
      },
    });
    await kit.clock.advance(60_000);
    await kit.clock.advance(5 * 60_000); // more slots pass meanwhile
    await kit.end();
    expect(kit.runs).toEqual(['2026-11-20T12:01']);
    expect(kit.journal.state.lastSlot?.settled).toBe(false);
    expect(kit.logged.filter((line) => line.includes('next run'))).toHaveLength(1);
    await kit.start({ schedule: '* * * * *' });
    expect(kit.runs).toEqual(['2026-11-20T12:01', '2026-11-20T12:06']);
    await kit.end();
  });

  it('makes no run and notes no attempt when it is asked to end before it has begun', async () => {
    const kit = new LoopKit('2026-11-20T12:00:00Z');
    kit.journal.state = { firstStartAt: '2026-11-01T00:00:00.000Z' };
    const starting = kit.start({ onStart: 'empty' });
    await kit.end();
    await starting;
    expect(kit.runs).toEqual([]);
    expect(kit.journal.state.lastSlot).toBeUndefined();
  });
});
