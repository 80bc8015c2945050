import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepNewest, noLock, readSets, run } from '@geolens/backup-core';
import { FakeDumpProducer, ManualClock, MemoryStore } from '@geolens/backup-core/testing';

const DAY = 86_400_000;

/** Every part of a run, none of which needs a disk, a database or patience. */
function parts() {
  return {
    clock: new ManualClock('2026-01-01T02:00:00Z'), // a Thursday
    producer: new FakeDumpProducer('shop'),
    primary: new MemoryStore(),
    lock: noLock,
    retention: keepNewest({ daily: 7, weekly: 4 }),
  };
}

test('three weeks of nights leave seven daily sets, and one of every Sunday', async () => {
  const night = parts();
  for (let nights = 0; nights < 21; nights += 1) {
    const report = await run(night, { toolVersion: 'example' });
    assert.equal(report.outcome, 'succeeded');
    await night.clock.advance(DAY);
  }

  const sets = await readSets(night.primary);
  const days = (tier: string): string[] =>
    sets.filter((set) => set.tier === tier).map(({ timestamp }) => timestamp.slice(0, 8));
  assert.deepEqual(days('daily'), [
    '20260121',
    '20260120',
    '20260119',
    '20260118',
    '20260117',
    '20260116',
    '20260115',
  ]);
  assert.deepEqual(days('weekly'), ['20260118', '20260111', '20260104']);
});

test('a database that lost its rows pushes out nothing', async () => {
  const night = parts();
  night.producer.rows = [{ schema: 'public', table: 'orders', rows: 5_000 }];
  for (let nights = 0; nights < 8; nights += 1) {
    await run(night, { toolVersion: 'example' });
    await night.clock.advance(DAY);
  }

  night.producer.rows = [{ schema: 'public', table: 'orders', rows: 3 }];
  const report = await run(night, { toolVersion: 'example' });
  assert.match(report.suspicion!.reasons[0]!, /^it has 3 rows, .* median of the last 7 sets \(5,000\)/);
  assert.deepEqual(report.removed, []);
});
