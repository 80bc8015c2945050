import { expect, it, onTestFinished } from 'vitest';
import { parseSchedule, type JournalState, type Notice } from '@geolens/backup-core';
import { FakeDrill, ManualClock, MemoryJournal, MemoryStore } from '@geolens/backup-core/testing';
import { drillAtSlots } from '../../src/commands/drill-at-slots.ts';
import { run } from '../../src/commands/run.ts';
import { commandKit } from '../support/command-kit.ts';

interface Serving {
  readonly heard: Notice[];
  readonly clock: ManualClock;
  readonly drill: FakeDrill;
  readonly journal: MemoryJournal;
  readonly store: MemoryStore;
  readonly logged: () => string;
  /** Starts the drills as `serve` does; on a Sunday at midnight, an hour before the slot. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

async function serving(withSet = true): Promise<Serving> {
  const store = new MemoryStore('local');
  const { context, output } = await commandKit(store);
  if (withSet) await run(context, { json: false });
  const heard: Notice[] = [];
  const notifiers = [
    { name: 'a listener', notify: (notice: Notice) => Promise.resolve(void heard.push(notice)) },
  ];
  const { clock, drill, journal } = context.services as unknown as {
    clock: ManualClock;
    drill: FakeDrill;
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
    drill,
    journal,
    store,
    stop: end,
    logged: () => output.logged,
    start: async () => {
      stop = new AbortController();
      ended = drillAtSlots(
        { ...context, services: { ...context.services, notifiers }, signal: stop.signal },
        parseSchedule('0 1 * * 0'),
      );
      await clock.advance(0);
    },
  };
}

const HOUR = 3_600_000;

it('the newest set is rehearsed at each slot, and how it ended is noted', async () => {
  const { heard, clock, drill, journal, start, logged } = await serving();
  await start();
  expect(drill.rehearsals).toBe(0);
  await clock.advance(HOUR + 1000);
  expect(drill.rehearsals).toBe(1);
  expect(journal.state.lastDrill).toEqual({
    timestamp: '20260201_000000',
    verdict: 'proven',
    finishedAt: expect.any(String) as string,
  });
  expect(heard).toMatchObject([
    {
      event: 'drill.finished',
      state: 'good',
      title: 'Drill of geolens: set 20260201_000000 is proven: it was restored, and is whole',
    },
  ]);
  expect(logged()).toContain('next drill at 2026-02-08T01:00Z');
  await clock.advance(7 * 24 * HOUR);
  expect(drill.rehearsals).toBe(2);
});

it('a slot that was slept through is made up for, once', async () => {
  const { clock, drill, start, stop } = await serving();
  await start();
  await stop();
  clock.jumpTo(new Date('2026-02-02T09:00:00Z'));
  await start();
  expect(drill.rehearsals).toBe(1);
  await stop();
  await start();
  expect(drill.rehearsals).toBe(1);
});

it.each<[string, (kit: Serving) => void, JournalState['lastDrill']]>([
  [
    'is not what was backed up',
    ({ drill }) => {
      drill.answer = { rows: [] };
    },
    { verdict: 'bad', problem: 'catalog.datasets is not there (3 rows were backed up)', finishedAt: '' },
  ],
  [
    'cannot be proven here',
    ({ drill }) => {
      drill.unprovable = ['no room'];
    },
    { verdict: 'unproven', problem: 'no room', finishedAt: '' },
  ],
  [
    'could not be tried',
    ({ drill }) => {
      drill.open = () => Promise.reject(new Error('no memory'));
    },
    { verdict: 'failed', problem: 'no memory', finishedAt: '' },
  ],
])(
  'that the set %s is noted and told with the reason, and the next slot tries again',
  async (_, happens, outcome) => {
    const kit = await serving();
    happens(kit);
    await kit.start();
    await kit.clock.advance(HOUR + 1000);
    expect(kit.journal.state.lastDrill).toMatchObject({
      ...outcome,
      finishedAt: expect.any(String) as string,
    });
    expect(kit.heard).toMatchObject([{ event: 'drill.finished', state: 'trouble', text: outcome!.problem }]);
    expect(kit.logged()).toContain('next drill at 2026-02-08T01:00Z');
  },
);

it('without a set there is nothing to rehearse, and nothing fails', async () => {
  const { clock, journal, start, logged } = await serving(false);
  await start();
  await clock.advance(HOUR + 1000);
  expect(journal.state.lastDrill).toBeUndefined();
  expect(logged()).not.toContain('ERROR');
});
