import { describe, expect, it } from 'vitest';
import {
  acceptSet,
  BackupError,
  noLock,
  parseManifest,
  parseTimestamp,
  readSets,
  type Manifest,
} from '../../src/index.ts';
import { FaultyStore, MemoryStore } from '../../src/testing/index.ts';
import { DAY, NOTHING_OPEN, RunKit } from '../support/run-kit.ts';

const rows = (count: number): RunKit['producer']['rows'] => [
  { schema: 'catalog', table: 'datasets', rows: count },
];
const REASON =
  'it has 100 rows, which is 10 % of the median of the last 3 sets (1,000); less than 50 % is suspicious';

/** Three good days, the last of them a Sunday; then nine tenths of the rows are gone. */
async function smaller(): Promise<RunKit> {
  const kit = new RunKit('2026-01-02T02:00:00Z');
  kit.producer.rows = rows(1000);
  await kit.runDaily(3);
  kit.producer.rows = rows(100);
  kit.keep = { daily: 1, weekly: 1 };
  return kit;
}

const nextDay = (kit: RunKit): void => {
  kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
};
const manifestIn = (store: MemoryStore, key: string): Manifest =>
  parseManifest(Buffer.from(store.artifacts.get(key as never)!).toString());

describe('a run against a database that lost nine tenths of its rows', () => {
  it('is complete, and its set is kept and suspicious', async () => {
    const kit = await smaller();
    const report = await kit.run();
    expect(report).toMatchObject({
      outcome: 'succeeded',
      errors: [],
      removed: [],
      suspicion: { reasons: [REASON], at: '2026-01-05T02:00:00.000Z' },
    });
    expect((await kit.sets())[0]).toMatchObject({
      timestamp: '20260105_020000',
      state: 'suspicious',
      problems: [REASON],
    });
    expect(kit.open).toEqual(NOTHING_OPEN);
  });

  it('states why in its report and its manifest, and leaves the warning to the caller', async () => {
    const kit = await smaller();
    const report = await kit.run();
    expect(report).toMatchObject({ warnings: [], suspicion: { reasons: [REASON] } });
    expect(kit.events.filter(({ event }) => event === 'run.warning')).toEqual([]);
    expect(report.manifest).toMatchObject({ warnings: [], suspicion: { reasons: [REASON] } });
  });

  it('prunes nothing, and neither does the next, which is as suspicious', async () => {
    const kit = await smaller();
    const before = kit.files();
    await kit.run();
    nextDay(kit);
    expect(await kit.run()).toMatchObject({ suspicion: { reasons: [REASON] }, removed: [] });
    expect(kit.files()).toEqual(expect.arrayContaining(before));
    expect(
      (await kit.sets()).filter(({ tier, state }) => tier === 'daily' && state === 'suspicious'),
    ).toHaveLength(2);
  });

  it('prunes again with the first set that has what was missed', async () => {
    const kit = await smaller();
    await kit.run();
    nextDay(kit);
    kit.producer.rows = rows(990);
    expect((await kit.run()).suspicion).toBeUndefined();
    expect(await kit.overview()).toEqual([
      'daily 20260106_020000 complete',
      'weekly 20260104_020000 complete',
    ]);
  });

  it('is the baseline once it is accepted, and retention goes on', async () => {
    const kit = await smaller();
    await kit.run();
    await acceptSet(
      { stores: [kit.store], clock: kit.clock, lock: noLock },
      { database: 'geolens', timestamp: parseTimestamp('20260105_020000')! },
    );
    nextDay(kit);
    expect(await kit.run()).toMatchObject({ warnings: [], suspicion: undefined });
    expect(await kit.overview()).toEqual([
      'daily 20260106_020000 complete',
      'weekly 20260104_020000 complete',
    ]);
    // The accepted set is gone by now, and a weekly one from before is not.
    nextDay(kit);
    kit.producer.rows = rows(40);
    expect((await kit.run()).suspicion?.reasons).toEqual([
      'it has 40 rows, which is 40 % of the last set (100); less than 50 % is suspicious',
    ]);
  });

  it('brings the suspicion to the weekly copy and to the replica, and the acceptance too', async () => {
    const kit = await smaller();
    const replica = new MemoryStore('s3');
    kit.clock.jumpTo('2026-01-11T02:00:00Z');
    await kit.run({ replicas: [replica] });
    const keys = ['daily/manifest-20260111_020000.json', 'weekly/manifest-20260111_020000.json'];
    for (const store of [kit.store, replica])
      for (const key of keys) expect(manifestIn(store, key).suspicion?.reasons, key).toEqual([REASON]);
    await acceptSet(
      { stores: [kit.store], clock: kit.clock, lock: noLock },
      { database: 'geolens', timestamp: parseTimestamp('20260111_020000')! },
    );
    nextDay(kit);
    await kit.run({ replicas: [replica] });
    const accepted = (await readSets(replica)).filter(({ timestamp }) => timestamp === '20260111_020000');
    expect(accepted).toHaveLength(2);
    for (const set of accepted)
      expect(set).toMatchObject({
        state: 'complete',
        acceptedAt: '2026-01-11T02:00:00.000Z',
        suspicion: undefined,
      });
    for (const key of keys) expect(manifestIn(replica, key).suspicion?.reasons, key).toEqual([REASON]);
  });

  it('counts for nothing once an acceptance is revoked, nor do the sets that were measured by it', async () => {
    const kit = await smaller();
    const timestamp = (await kit.run()).timestamp!;
    const accept = (revoke: boolean): Promise<unknown> =>
      acceptSet(
        { stores: [kit.store], clock: kit.clock, lock: noLock },
        { database: 'geolens', timestamp, revoke },
      );
    await accept(false);
    nextDay(kit);
    kit.keep = { daily: 3, weekly: 1 };
    const next = (await kit.run()).timestamp!;
    expect((await kit.sets())[0]).toMatchObject({ timestamp: next, state: 'complete' });
    await accept(true);
    expect((await kit.sets()).slice(0, 3)).toMatchObject([
      { state: 'suspicious', problems: [`it was measured by set ${timestamp}, which is suspicious`] },
      { timestamp, state: 'suspicious', problems: [REASON] },
      { state: 'complete' },
    ]);
    nextDay(kit);
    kit.keep = { daily: 1, weekly: 1 };
    expect(await kit.run()).toMatchObject({
      removed: [],
      suspicion: { reasons: [expect.stringContaining('it has 100 rows, which is 10 %')] },
    });
  });

  it('does not say so when its set could not be published: there is none', async () => {
    const kit = await smaller();
    const report = await kit.run({
      fault: ({ operation }) => (operation === 'commit' ? new BackupError('STORE_FULL', 'full') : undefined),
    });
    expect(report).toMatchObject({ outcome: 'failed', warnings: [], suspicion: undefined });
  });
});

it.each([
  [0, undefined],
  [0.05, undefined],
  [0.2, 1],
])('with a threshold of %d it is judged by that', async (sizeAnomalyThreshold, reasons) => {
  const kit = await smaller();
  expect((await kit.run({}, { sizeAnomalyThreshold })).suspicion?.reasons.length).toBe(reasons);
});

describe('a run on a new volume, of a database that a replica has sets of', () => {
  /** The machine is gone, with its volume; what is left is the bucket. */
  async function onNewMachine(): Promise<{ kit: RunKit; bucket: MemoryStore }> {
    const old = new RunKit('2026-01-02T02:00:00Z');
    old.producer.rows = rows(1000);
    await old.runDaily(3);
    const bucket = new MemoryStore('s3');
    for (const [key, content] of old.store.artifacts) bucket.artifacts.set(key, content);
    return { kit: new RunKit('2026-01-05T02:00:00Z'), bucket };
  }

  it('is suspicious while the database is empty: a restore of the latest goes on finding what the old machine has left', async () => {
    const { kit, bucket } = await onNewMachine();
    kit.producer.rows = rows(0);
    const report = await kit.run({ replicas: [bucket] });
    expect(report).toMatchObject({
      outcome: 'succeeded',
      previousRows: 1000,
      suspicion: {
        reasons: [
          'it has no rows, which is 0 % of the median of the last 3 sets (1,000); less than 50 % is suspicious',
        ],
      },
    });
    expect((await readSets(bucket)).find(({ state }) => state === 'complete')).toMatchObject({
      timestamp: '20260104_020000',
    });
  });

  it('is as good as any once it is restored', async () => {
    const { kit, bucket } = await onNewMachine();
    kit.producer.rows = rows(990);
    expect((await kit.run({ replicas: [bucket] })).suspicion).toBeUndefined();
  });

  it('warns when the replica cannot be asked, and is made all the same', async () => {
    const { kit, bucket } = await onNewMachine();
    const away = new FaultyStore(bucket, () => new BackupError('STORE_UNAVAILABLE', 'no route'));
    const report = await kit.run({ replicas: [away] });
    expect(report).toMatchObject({ outcome: 'with-errors', suspicion: undefined });
    expect(report.warnings).toContain('s3 could not be asked what sets were like before: no route');
  });

  it('asks no replica once the volume has a complete set', async () => {
    const { kit, bucket } = await onNewMachine();
    const asked = new FaultyStore(bucket, () => undefined);
    kit.producer.rows = rows(990);
    await kit.run();
    nextDay(kit);
    await kit.run({ replicas: [asked] });
    const before = asked.calls.findIndex(({ operation }) => operation === 'put');
    expect(asked.calls.slice(0, before).filter(({ operation }) => operation === 'read')).toEqual([]);
  });
});
