import { expect, it } from 'vitest';
import type { RestorerEvent } from '@geolens/backup-core';
import { reportSize } from '../../src/restore/report-progress.ts';
import type { RestoreJob } from '../../src/restore/session-parts.ts';

function job(databaseBytes: number | undefined, events: RestorerEvent[], size: () => number): RestoreJob {
  return {
    server: { values: () => Promise.resolve([String(size())]) },
    observer: (event: RestorerEvent) => events.push(event),
    input: { manifest: { databaseBytes } },
  } as unknown as RestoreJob;
}

it('reports the size of the database that is filled, instead of entries', async () => {
  const events: RestorerEvent[] = [];
  const filled = await reportSize(
    job(400, events, () => 7),
    'aside',
    async (inner) => {
      await new Promise(setImmediate);
      return inner.observer;
    },
  );
  expect(filled).toBeUndefined();
  expect(events).toEqual([
    { event: 'progress', step: 'restore', done: 7, total: 400, unit: 'bytes', isEstimate: true },
  ]);
});

it('leaves the entries to be reported if the size of the source is unknown', async () => {
  const events: RestorerEvent[] = [];
  const outer = job(undefined, events, () => 7);
  expect(await reportSize(outer, 'aside', (inner) => Promise.resolve(inner))).toBe(outer);
  expect(events).toEqual([]);
});

it('does not fail if the server refuses to measure', async () => {
  const outer = job(400, [], () => {
    throw new Error('refused');
  });
  expect(await reportSize(outer, 'aside', () => Promise.resolve('filled'))).toBe('filled');
});
