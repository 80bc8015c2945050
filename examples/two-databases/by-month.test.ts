import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noLock, readSets, run } from '@geolens/backup-core';
import { FakeDumpProducer, ManualClock, MemoryStore } from '@geolens/backup-core/testing';
import { byMonth } from './by-month.ts';

test('a hundred nights leave those of the last two weeks, and the first of every month', async () => {
  const clock = new ManualClock('2026-01-10T02:00:00Z');
  const parts = {
    clock,
    producer: new FakeDumpProducer('shop'),
    primary: new MemoryStore(),
    lock: noLock,
    retention: byMonth(14),
  };
  for (let nights = 0; nights < 100; nights += 1) {
    await run(parts, { toolVersion: 'example' });
    await clock.advance(86_400_000);
  }
  const days = (await readSets(parts.primary))
    .filter(({ tier }) => tier === 'daily')
    .map(({ timestamp }) => timestamp.slice(4, 8));
  assert.deepEqual(days.slice(0, 14), [
    '0419',
    '0418',
    '0417',
    '0416',
    '0415',
    '0414',
    '0413',
    '0412',
    '0411',
    '0410',
    '0409',
    '0408',
    '0407',
    '0406',
  ]);
  assert.deepEqual(days.slice(14), ['0401', '0301', '0201', '0110']);
});
