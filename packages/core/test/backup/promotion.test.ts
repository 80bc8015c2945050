import { describe, expect, it } from 'vitest';
import { BackupError } from '../../src/index.ts';
import { DAY, RunKit, SUNDAY } from '../support/run-kit.ts';

const T = '20260104_020000';
const full = new BackupError('STORE_FULL', 'no space left');
const names = (kit: RunKit, tier: string): string[] =>
  kit
    .files()
    .filter((key) => key.startsWith(tier))
    .map((key) => key.split('/')[1]!);

describe('the weekly copy of a set', () => {
  it('has the same four artifacts, the manifest copied last', async () => {
    const kit = new RunKit(SUNDAY);
    const report = await kit.run();
    expect(report).toMatchObject({ outcome: 'succeeded', manifest: { tiers: ['daily', 'weekly'] } });
    expect(names(kit, 'weekly')).toEqual(names(kit, 'daily'));
    expect(names(kit, 'weekly')).toHaveLength(4);
    const copies = kit.calls
      .filter(({ operation }) => operation === 'copy')
      .map(({ key }) => key!.split(/[-_]/)[0]);
    expect(copies).toEqual(['weekly/globals', 'weekly/staging', 'weekly/geolens', 'weekly/manifest']);
  });

  it('is decided once: a run begun at 23:59:59 on Sunday goes there whole, though it ends on Monday', async () => {
    const kit = new RunKit('2026-01-04T23:59:59Z');
    const snapshot = kit.producer.snapshot.bind(kit.producer);
    kit.producer.snapshot = (options) => {
      kit.clock.jumpTo('2026-01-05T00:10:00Z');
      return snapshot(options);
    };
    await kit.run();
    expect(await kit.overview()).toEqual([
      'daily 20260104_235959 complete',
      'weekly 20260104_235959 complete',
    ]);
  });

  it('is not made of a run begun on Saturday that ends on Sunday', async () => {
    const kit = new RunKit('2026-01-03T23:59:59Z');
    const snapshot = kit.producer.snapshot.bind(kit.producer);
    kit.producer.snapshot = (options) => {
      kit.clock.jumpTo(SUNDAY);
      return snapshot(options);
    };
    await kit.run();
    expect(await kit.overview()).toEqual(['daily 20260103_235959 complete']);
  });

  it.each([0, 1, 2, 3])(
    'makes the run partial when its copy number %i fails; retention still runs, and the next run finishes it',
    async (failing) => {
      const kit = new RunKit('2026-01-01T02:00:00Z');
      await kit.runDaily(3);
      let copies = 0;
      const report = await kit.run({
        fault: ({ operation }) => (operation === 'copy' && copies++ === failing ? full : undefined),
      });
      expect(report).toMatchObject({ outcome: 'with-errors', errors: [full] });
      expect(report.removed).toHaveLength(4);
      expect(
        (await kit.overview()).filter((line) => line.includes('weekly') && line.includes('complete')),
      ).toEqual([]);
      expect(kit.journal.state.lastSuccessAt).toBeDefined();

      kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
      expect(await kit.run()).toMatchObject({ outcome: 'succeeded' });
      expect((await kit.overview()).filter((line) => line.startsWith('weekly'))).toEqual([
        `weekly ${T} complete`,
      ]);
    },
  );

  it('is left where it is when the run is stopped in the middle of it', async () => {
    const kit = new RunKit(SUNDAY);
    const stop = new AbortController();
    const fault = ({ operation }: { operation: string }): undefined => {
      if (operation === 'copy') stop.abort();
    };
    expect(await kit.run({ fault }, { signal: stop.signal })).toMatchObject({ outcome: 'with-errors' });
    expect(names(kit, 'weekly')).toEqual([`globals-${T}.sql`]);
  });

  it('that cannot be finished makes the next run partial, and does not stop its set', async () => {
    const kit = new RunKit(SUNDAY);
    const fault = ({ operation }: { operation: string }): Error | undefined =>
      operation === 'copy' ? full : undefined;
    await kit.run({ fault });
    kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
    expect(await kit.run({ fault })).toMatchObject({ outcome: 'with-errors', errors: [full] });
    expect(await kit.overview()).toEqual(['daily 20260105_020000 complete', `daily ${T} complete`]);
  });

  const nextDay = (kit: RunKit): void => {
    kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
  };
  const failing = (call: number) => {
    let copies = 0;
    return ({ operation }: { operation: string }): Error | undefined =>
      operation === 'copy' && copies++ === call ? full : undefined;
  };

  it.each([0, 2])(
    'is finished by a later run too, when its copy number %i has failed again and again',
    async (call) => {
      const kit = new RunKit('2025-12-28T02:00:00Z'); // the Sunday before
      kit.keep = { daily: 30, weekly: 4 };
      await kit.runDaily(7);
      for (let day = 0; day < 3; day += 1) {
        expect(await kit.run({ fault: failing(call) })).toMatchObject({ outcome: 'with-errors' });
        nextDay(kit);
      }
      expect(await kit.run()).toMatchObject({ outcome: 'succeeded' });
      expect((await kit.overview()).filter((line) => line.startsWith('weekly'))).toEqual([
        `weekly ${T} complete`,
        'weekly 20251228_020000 complete',
      ]);
    },
  );

  it('that was begun is finished by a later run, though it is the first there is', async () => {
    const kit = new RunKit(SUNDAY);
    for (let day = 0; day < 2; day += 1) {
      await kit.run({ fault: failing(2) });
      nextDay(kit);
    }
    await kit.run();
    expect((await kit.overview()).filter((line) => line.startsWith('weekly'))).toEqual([
      `weekly ${T} complete`,
    ]);
  });

  it.each(['daily', 'weekly'])(
    'is finished although there is a set in %s from the future, made while the clock was wrong',
    async (tier) => {
      const kit = new RunKit('2030-01-06T02:00:00Z'); // a Sunday
      await kit.run();
      const other = tier === 'daily' ? 'weekly/' : 'daily/';
      for (const key of kit.files().filter((one) => one.startsWith(other)))
        kit.store.artifacts.delete(key as never);
      kit.clock.jumpTo(SUNDAY);
      await kit.run({
        fault: ({ operation, key }) => (operation === 'copy' && key?.includes(T) === true ? full : undefined),
      });
      nextDay(kit);
      await kit.run();
      expect(await kit.overview()).toContain(`weekly ${T} complete`);
    },
  );

  it('that retention removed does not come back', async () => {
    const kit = new RunKit('2026-01-04T00:00:00Z');
    kit.keep = { daily: 20, weekly: 1 };
    for (let hour = 0; hour < 6; hour += 1) {
      await kit.run();
      kit.clock.jumpTo(new Date(kit.clock.now().getTime() + 3_600_000));
    }
    expect((await kit.overview()).filter((line) => line.startsWith('weekly'))).toEqual([
      'weekly 20260104_050000 complete',
    ]);
    expect(kit.calls.filter(({ operation }) => operation === 'copy')).toHaveLength(4);
  });

  it('does not come back when the operator removed it and a newer set is there', async () => {
    const kit = new RunKit(SUNDAY);
    await kit.runDaily(2);
    for (const key of [...kit.store.artifacts.keys()].filter((one) => one.startsWith('weekly/')))
      kit.store.artifacts.delete(key);
    await kit.run();
    expect(names(kit, 'weekly')).toEqual([]);
  });
});
