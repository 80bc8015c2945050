import { expect, it, onTestFinished } from 'vitest';
import { parseSchedule, type JournalState } from '@geolens/backup-core';
import type { Notification } from '@geolens/backup-core/internal';
import { FakeRestoreTester, ManualClock, MemoryJournal, MemoryStore } from '@geolens/backup-core/testing';
import { runScheduledRestoreTests } from '../../src/serve/scheduled-checks.ts';
import { run } from '../../src/commands/run.ts';
import { commandKit } from '../support/command-kit.ts';

interface Serving {
  readonly heard: Notification[];
  readonly clock: ManualClock;
  readonly restoreTest: FakeRestoreTester;
  readonly journal: MemoryJournal;
  readonly store: MemoryStore;
  readonly logged: () => string;
  /** Starts the restore tests as `serve` does; on a Sunday at midnight, an hour before the slot. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

async function serving(withSet = true): Promise<Serving> {
  const store = new MemoryStore('local');
  const { context, output } = await commandKit(store);
  if (withSet) await run(context, { json: false });
  const heard: Notification[] = [];
  const notifiers = [
    {
      name: 'a listener',
      notify: (notification: Notification) => Promise.resolve(void heard.push(notification)),
    },
  ];
  const { clock, restoreTest, journal } = context.services as unknown as {
    clock: ManualClock;
    restoreTest: FakeRestoreTester;
    journal: MemoryJournal;
  };
  let stop = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  const end = async (): Promise<void> => {
    stop.abort();
    await ended;
  };
  onTestFinished(end);
  return {
    heard,
    clock,
    restoreTest,
    journal,
    store,
    stop: end,
    logged: () => output.logged,
    start: async () => {
      stop = new AbortController();
      ended = runScheduledRestoreTests(
        { ...context, services: { ...context.services, notifiers }, signal: stop.signal },
        parseSchedule('0 1 * * 0'),
      );
      await clock.advance(0);
    },
  };
}

const HOUR = 3_600_000;

it('the newest set is tested at each slot, and how it ended is noted', async () => {
  const { heard, clock, restoreTest, journal, start, logged } = await serving();
  await start();
  expect(restoreTest.testResults).toBe(0);
  await clock.advance(HOUR + 1000);
  expect(restoreTest.testResults).toBe(1);
  expect(journal.state.lastRestoreTest).toEqual({
    timestamp: '20260201_000000',
    outcome: 'passed',
    finishedAt: expect.any(String) as string,
  });
  expect(heard).toMatchObject([
    {
      event: 'drill.finished',
      state: 'good',
      title: 'Restore test of geolens, set 20260201_000000, passed: it was restored, and is whole',
    },
  ]);
  expect(logged()).toContain('next restore test at 2026-02-08T01:00Z');
  await clock.advance(7 * 24 * HOUR);
  expect(restoreTest.testResults).toBe(2);
});

it('a slot that was slept through is made up for, once', async () => {
  const { clock, restoreTest, start, stop } = await serving();
  await start();
  await stop();
  clock.jumpTo(new Date('2026-02-02T09:00:00Z'));
  await start();
  expect(restoreTest.testResults).toBe(1);
  await stop();
  await start();
  expect(restoreTest.testResults).toBe(1);
});

it.each<[string, (kit: Serving) => void, JournalState['lastRestoreTest']]>([
  [
    'is not what was backed up',
    ({ restoreTest }) => {
      restoreTest.answer = { rows: [] };
    },
    { outcome: 'failed', problem: 'catalog.datasets is not there (3 rows were backed up)', finishedAt: '' },
  ],
  [
    'cannot be tested here',
    ({ restoreTest }) => {
      restoreTest.inconclusive = ['no room'];
    },
    { outcome: 'inconclusive', problem: 'no room', finishedAt: '' },
  ],
  [
    'could not be tried',
    ({ restoreTest }) => {
      restoreTest.open = () => Promise.reject(new Error('no memory'));
    },
    { outcome: 'inconclusive', problem: 'no memory', finishedAt: '' },
  ],
])(
  'that the set %s is recorded and notified with the reason, and the next slot tries again',
  async (_, happens, outcome) => {
    const kit = await serving();
    happens(kit);
    await kit.start();
    await kit.clock.advance(HOUR + 1000);
    expect(kit.journal.state.lastRestoreTest).toMatchObject({
      ...outcome,
      finishedAt: expect.any(String) as string,
    });
    expect(kit.heard).toMatchObject([{ event: 'drill.finished', state: 'trouble', text: outcome!.problem }]);
    expect(kit.logged()).toContain('next restore test at 2026-02-08T01:00Z');
  },
);

it('without a set there is nothing to test, and nothing fails', async () => {
  const { clock, journal, start, logged } = await serving(false);
  await start();
  await clock.advance(HOUR + 1000);
  expect(journal.state.lastRestoreTest).toBeUndefined();
  expect(logged()).not.toContain('ERROR');
});
