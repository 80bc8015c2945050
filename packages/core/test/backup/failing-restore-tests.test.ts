import { beforeEach, describe, expect, it } from 'vitest';
import {
  acceptSet,
  BackupError,
  judgeHealth,
  noLock,
  readSets,
  type Health,
  type RunReport,
  selectSetToRestore,
} from '../../src/index.ts';
import { standingFailure } from '../../src/internal.ts';
import type { StoreCall } from '../../src/testing/index.ts';
import { DAY, SUNDAY } from '../support/run-kit.ts';
import { VerifyKit } from '../support/verify-kit.ts';

const FAILED = { outcome: 'failed', problems: ['the view a fails', 'the view b fails'] } as const;

let kit: VerifyKit;
beforeEach(() => {
  kit = new VerifyKit(SUNDAY);
});

async function night(fault?: (call: StoreCall) => Error | undefined): Promise<RunReport> {
  const { replica, restoreTest } = kit;
  const report = await kit.run(
    { replicas: [replica], restoreTest, ...(fault && { fault }) },
    { verify: 'restore' },
  );
  kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
  return report;
}

async function nights(count: number): Promise<readonly RunReport[]> {
  const reports: RunReport[] = [];
  for (let made = 0; made < count; made += 1) reports.push(await night());
  return reports;
}

async function health(): Promise<Health> {
  return judgeHealth({
    now: kit.clock.now(),
    maxAgeMs: 1.5 * DAY,
    journal: {},
    setsAt: [kit.clock.now()],
    failedRestoreTest: standingFailure(await kit.sets()),
  });
}

const accept = async (): ReturnType<typeof acceptSet> =>
  acceptSet(
    { stores: kit.stores, clock: kit.clock, lock: noLock },
    { database: 'geolens', timestamp: (await kit.sets())[0]!.timestamp },
  );

const latest = async (stores = kit.stores): ReturnType<typeof selectSetToRestore> =>
  selectSetToRestore(stores, {
    wanted: 'latest',
    database: 'geolens',
    now: kit.clock.now(),
    primary: kit.store,
  });

describe('a week in which every restore test fails', () => {
  beforeEach(async () => {
    expect((await night()).outcome).toBe('succeeded');
    kit.restoreTest.answer = FAILED;
  });

  it('is a week of sets that are published, copied, retained and latest', async () => {
    const reports = await nights(8);
    expect(reports.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 8 }, () => 'with-errors'));
    for (const { errors } of reports)
      expect(errors).toMatchObject([
        { code: 'RESTORE_TEST_FAILED', hint: expect.stringContaining('20260104_020000') as string },
      ]);
    expect(await kit.states()).toEqual([
      'daily 20260112_020000 complete',
      'daily 20260111_020000 complete',
      'weekly 20260111_020000 complete',
      'daily 20260110_020000 complete',
      'daily 20260104_020000 complete',
      'weekly 20260104_020000 complete',
    ]);
    expect((await kit.states(kit.replica)).filter((state) => state.startsWith('daily'))).toHaveLength(9);
    const { copy, notes } = await latest();
    expect([copy.timestamp, copy.warnings, notes]).toEqual([
      '20260112_020000',
      [],
      [
        'the restore test of this set failed (the view a fails); the newest set that passed is 20260104_020000',
      ],
    ]);
  });

  it('is unhealthy until a test passes, which lets the old set go', async () => {
    for (let made = 0; made < 5; made += 1) {
      await night();
      expect((await health()).problem).toMatch(
        /^the restore test of set 2026\d+_020000 failed: the view a fails; the view b/,
      );
    }
    kit.restoreTest.answer = {};
    expect((await night()).removed).toContain('daily/geolens_20260104_020000.dump');
    expect(await health()).toMatchObject({ healthy: true, problem: undefined });
    expect((await latest()).notes).toEqual([]);
  });

  it('is healthy once the failure is accepted, until the next one, and keeps the set that passed', async () => {
    await nights(4);
    expect((await health()).healthy).toBe(false);
    expect(await accept()).toMatchObject({
      accepted: [],
      acceptedTests: [
        { store: 'memory', tier: 'daily' },
        { store: 's3', tier: 'daily' },
      ],
    });
    expect((await health()).healthy).toBe(true);
    expect(await accept()).toEqual({ timestamp: '20260108_020000', accepted: [], errors: [] });
    expect((await kit.set()).acceptedAt).toBeUndefined();
    expect((await latest()).notes[0]).toContain(
      'failed (the view a fails), which was accepted; the newest set',
    );
    expect((await night()).outcome).toBe('with-errors');
    expect((await health()).healthy).toBe(false);
    expect(await kit.states()).toContain('daily 20260104_020000 complete');
  });

  it('is known from the replica alone', async () => {
    await nights(1);
    const found = await latest([kit.replica]);
    expect(found.notes).toEqual([
      'the restore test of this set failed (the view a fails); no set is known to have passed one',
    ]);
    expect((await readSets(kit.replica))[0]!.state).toBe('complete');
  });

  it.each([
    ['a later test', 'passed', () => kit.verify('latest', { restore: true }, { stores: [kit.store] })],
    [
      'an acceptance',
      'failed',
      async () =>
        acceptSet(
          { stores: [kit.store], clock: kit.clock, lock: noLock },
          { database: 'geolens', timestamp: (await kit.sets())[0]!.timestamp },
        ),
    ],
  ])('is taken back on the replica by %s here, with the next run', async (_, outcome, takeBack) => {
    await nights(1);
    kit.restoreTest.answer = {};
    await takeBack();
    await night();
    const [, theirs] = await readSets(kit.replica);
    expect([theirs!.timestamp, theirs!.checks.restoreTest?.outcome]).toEqual(['20260105_020000', outcome]);
    expect(await kit.outcomes(theirs!.timestamp, {}, { stores: [kit.replica] })).toEqual([
      's3 daily 20260105_020000 passed',
    ]);
    expect((await night()).replication[0]!.copied).toHaveLength(1);
  });

  it('removes nothing in a run that could not record its failure', async () => {
    await nights(3);
    const full = new BackupError('STORE_FULL', 'no space left');
    kit.keep = { daily: 1, weekly: 1 };
    const report = await night(({ operation, key }) =>
      operation === 'put' && key?.includes('state-') === true ? full : undefined,
    );
    expect([report.errors.map(({ code }) => code), report.removed]).toEqual([
      ['RESTORE_TEST_FAILED', 'STORE_FULL'],
      [],
    ]);
  });
});

it('a restore test that finds other rows makes the set bad, and cannot be accepted', async () => {
  kit.restoreTest.answer = { rows: [], problems: ['the view a fails'] };
  expect(await night()).toMatchObject({ outcome: 'failed', errors: [{ code: 'ARTIFACT_UNREADABLE' }] });
  expect(await kit.states()).toEqual(['daily 20260104_020000 bad']);
  expect(kit.replica.artifacts.size).toBe(0);
  expect((await health()).healthy).toBe(false);
  await expect(accept()).rejects.toMatchObject({ code: 'SET_NOT_FOUND' });
});

it('a failed restore test that an older version wrote into a manifest has the new meaning', async () => {
  kit.restoreTest.answer = FAILED;
  await kit.run();
  const key = kit.keyOf('manifest');
  const { checks, ...manifest } = JSON.parse(Buffer.from(kit.store.artifacts.get(key)!).toString()) as {
    checks: object;
  };
  const restored = { ok: false, at: '2026-01-05T00:00:00.000Z', problem: 'the view a fails' };
  kit.store.artifacts.set(key, Buffer.from(JSON.stringify({ ...manifest, checks: { ...checks, restored } })));
  expect((await kit.states())[0]).toBe('daily 20260104_020000 complete');
  expect((await health()).healthy).toBe(false);
  await accept();
  expect((await health()).healthy).toBe(true);
});
