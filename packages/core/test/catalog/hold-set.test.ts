import { beforeEach, describe, expect, it } from 'vitest';
import {
  EncryptedStore,
  holdSet,
  isBackupError,
  noLock,
  parseTimestamp,
  readSets,
  removeSet,
  type HoldOptions,
  type HoldReport,
} from '../../src/index.ts';
import { FakeCipher, FaultyStore, MemoryStore } from '../../src/testing/index.ts';
import { DAY, RunKit, SATURDAY } from '../support/run-kit.ts';

const HELD = parseTimestamp('20260103_020000')!;

class HoldKit extends RunKit {
  readonly replica = new MemoryStore('s3');

  /** Runs on so many days, with the replica. */
  async days(count: number): Promise<void> {
    for (let day = 0; day < count; day += 1) {
      const report = await this.run({ replicas: [this.replica] });
      expect(report.errors).toEqual([]);
      this.clock.jumpTo(new Date(this.clock.now().getTime() + DAY));
    }
  }

  release(): Promise<HoldReport> {
    return this.hold('released');
  }

  hold(
    hold: NonNullable<HoldOptions['hold']> | 'released' = {},
    stores = [this.store, this.replica],
  ): Promise<HoldReport> {
    const parts = { stores, clock: this.clock, lock: noLock };
    return holdSet(parts, {
      database: 'geolens',
      timestamp: HELD,
      hold: hold === 'released' ? undefined : hold,
    });
  }

  async timestamps(): Promise<string[]> {
    return (await readSets(this.store))
      .filter(({ tier }) => tier === 'daily')
      .map(({ timestamp }) => timestamp);
  }
}

let kit: HoldKit;
beforeEach(() => {
  kit = new HoldKit(SATURDAY);
});

describe('a held set', () => {
  it('stays while others go, and takes no place from them', async () => {
    await kit.days(1);
    const report = await kit.hold({ note: 'before the migration' });
    expect(report.changed).toEqual([
      { store: 'memory', tier: 'daily' },
      { store: 's3', tier: 'daily' },
    ]);
    await kit.days(8);
    expect(await kit.timestamps()).toEqual(['20260111_020000', '20260110_020000', '20260109_020000', HELD]);
  });

  it('goes when it is released, or when its hold has ended', async () => {
    await kit.days(1);
    await kit.hold();
    await kit.days(5);
    await kit.release();
    await kit.days(1);
    expect(await kit.timestamps()).not.toContain(HELD);
    kit = new HoldKit(SATURDAY);
    await kit.days(1);
    await kit.hold({ until: '2026-01-09T00:00:00.000Z' });
    await kit.days(5);
    expect(await kit.timestamps()).toContain(HELD);
    await kit.days(1);
    expect(await kit.timestamps()).not.toContain(HELD);
  });

  it('is held in a replica that gets it later', async () => {
    await kit.run();
    await kit.hold({ note: 'x' }, [kit.store]);
    kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
    await kit.days(1);
    const [copy] = (await readSets(kit.replica)).filter(({ timestamp }) => timestamp === HELD);
    expect(copy?.hold).toMatchObject({ note: 'x' });
  });

  it('keeps its other results, and can be held again', async () => {
    await kit.days(1);
    await kit.hold({ note: 'first' });
    await kit.hold({ note: 'second' });
    const [set] = await readSets(kit.store);
    expect(set).toMatchObject({
      state: 'complete',
      hold: { note: 'second' },
      checks: { content: { outcome: 'passed' } },
    });
  });

  it('is removed by force alone', async () => {
    await kit.days(3);
    await kit.hold({ note: 'mine' });
    const remove = (force: boolean): Promise<unknown> =>
      removeSet(
        { primary: kit.store, lock: noLock },
        { database: 'geolens', timestamp: HELD, now: kit.clock.now(), dryRun: false, force },
      );
    await expect(remove(false)).rejects.toMatchObject({
      message: `set ${HELD} is held: mine`,
      details: { reason: 'set-held' },
    });
    await remove(true);
    expect(await kit.timestamps()).not.toContain(HELD);
  });

  it('has no note in plain text where it is encrypted', async () => {
    await kit.run({ replicas: [new EncryptedStore(kit.replica, new FakeCipher())] });
    await kit.hold({ note: 'a secret' });
    expect(Buffer.concat([...kit.replica.artifacts.values()]).toString('latin1')).not.toContain('a secret');
    expect((await readSets(kit.replica))[0]?.hold).toBeDefined();
  });
});

describe('holding a set', () => {
  it('goes on where a store fails, and fails where all do', async () => {
    await kit.days(1);
    const failing = new FaultyStore(kit.replica, ({ operation }) =>
      operation === 'put' ? new Error('no') : undefined,
    );
    const report = await kit.hold({}, [kit.store, failing as never]);
    expect(report.changed).toHaveLength(1);
    expect(report.errors).toHaveLength(1);
    await expect(kit.hold({}, [failing as never])).rejects.toThrow('no');
  });

  it('needs a set with a manifest, and a short note', async () => {
    await expect(kit.hold()).rejects.toSatisfy((error) => isBackupError(error, 'SET_NOT_FOUND'));
    kit.store.artifacts.set(`daily/geolens_${HELD}.dump`, Buffer.from('PGDMP'));
    await expect(kit.hold()).rejects.toSatisfy((error) => isBackupError(error, 'SET_NOT_FOUND'));
    await expect(kit.hold({ note: 'x'.repeat(1001) })).rejects.toSatisfy((error) =>
      isBackupError(error, 'CONFIG_INVALID'),
    );
  });
});
