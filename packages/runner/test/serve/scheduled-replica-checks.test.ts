import { expect, it, onTestFinished } from 'vitest';
import { parseSchedule, readSets } from '@geolens/backup-core';
import { MemoryRecords, type Notification } from '@geolens/backup-core/internal';
import {
  MemoryStore,
  type FakeRestoreTester,
  type ManualClock,
  type MemoryJournal,
} from '@geolens/backup-core/testing';
import { runScheduledReplicaChecks, runScheduledRestoreTests } from '../../src/serve/scheduled-checks.ts';
import { run } from '../../src/commands/run.ts';
import { currentHealth } from '../../src/status/health.ts';
import { commandKit } from '../support/command-kit.ts';

const HOUR = 3_600_000;
const WEEKLY = parseSchedule('0 1 * * 0');

/** A volume and a bucket with the same set; ManualClock stands at Sunday, midnight. */
async function serving() {
  const bucket = new MemoryStore('s3', new MemoryRecords());
  const { context, output } = await commandKit(new MemoryStore('local'), [bucket]);
  await run(context, { json: false });
  const heard: Notification[] = [];
  const listener = {
    name: 'a listener',
    notify: (notification: Notification) => Promise.resolve(void heard.push(notification)),
  };
  const stop = new AbortController();
  const serve = { ...context, services: { ...context.services, notifiers: [listener] }, signal: stop.signal };
  const { clock, journal, restoreTest } = context.services as unknown as {
    clock: ManualClock;
    journal: MemoryJournal;
    restoreTest: FakeRestoreTester;
  };
  const start = async (what: typeof runScheduledReplicaChecks): Promise<void> => {
    const ended = what(serve, WEEKLY);
    onTestFinished(async () => {
      stop.abort();
      await ended;
    });
    await clock.advance(0);
  };
  return { bucket, context, output, heard, clock, journal, restoreTest, start };
}

it('copies are read in full at each scheduled time, and how that ended is noted', async () => {
  const { bucket, heard, clock, journal, start, output } = await serving();
  await start(runScheduledReplicaChecks);
  expect((await readSets(bucket))[0]?.checks.content).toBeUndefined();
  await clock.advance(2 * HOUR);
  expect(journal.state.lastReplicaCheck).toMatchObject({ outcome: 'passed', sets: 2 });
  expect((await readSets(bucket)).map(({ checks }) => checks.content?.outcome)).toEqual(['passed', 'passed']);
  expect(heard).toMatchObject([
    { event: 'replica-check.finished', state: 'good', title: 'Check of 2 copied sets of geolens: passed' },
  ]);
  expect(output.logged).toContain('next replica check at 2026-02-08T01:00Z');
});

it('damage that no tag shows is found, makes health fail, and is repaired by the next run', async () => {
  const { bucket, context, heard, clock, journal, start } = await serving();
  const key = [...bucket.artifacts.keys()].find((one) => one.startsWith('daily/geolens_'))!;
  const record = (await bucket.records!.read()).get(key)!;
  bucket.artifacts.set(key, new Uint8Array(bucket.artifacts.get(key)!.length));
  for await (const { key: listed, tag } of bucket.list('daily'))
    if (listed === key) await bucket.records!.update(new Map([[key, { ...record, tag: tag! }]]));
  expect((await readSets(bucket))[0]?.state).toBe('complete');
  await start(runScheduledReplicaChecks);
  await clock.advance(2 * HOUR);
  expect(journal.state.lastReplicaCheck).toMatchObject({ outcome: 'failed' });
  expect(heard[0]).toMatchObject({ state: 'trouble', text: expect.stringContaining('.dump') as string });
  expect((await readSets(bucket)).map(({ state }) => state)).toContain('bad');
  expect((await currentHealth(context)).problem).toContain('a check of copies found damage');
  await run(context, { json: false });
  expect((await readSets(bucket)).map(({ state }) => state)).not.toContain('bad');
  expect((await currentHealth(context)).problem).toBeUndefined();
});

it('restore tests take turns between the stores', async () => {
  const { clock, journal, start } = await serving();
  await start(runScheduledRestoreTests);
  const stores: unknown[] = [];
  for (const slot of ['2026-02-01T01:00:00Z', '2026-02-08T01:00:00Z', '2026-02-15T01:00:00Z']) {
    clock.jumpTo(slot);
    await clock.advance(1000);
    stores.push(journal.state.lastRestoreTest?.store);
  }
  expect(stores).toEqual(['local', 's3', 'local']);
});
