import { expect, it } from 'vitest';
import { parseSchedule } from '@geolens/backup-core';
import { momentsOfSets } from '../../src/status/health.ts';
import { loop } from '../../src/serve/loop.ts';
import { LoopKit } from '../support/loop-kit.ts';

it.each([
  ['makes no second set for a slot that another process made one for while it waited', true, 1],
  ['makes its run after it has waited, when no other process made one', false, 2],
])('the loop %s', async (_title, othersMakeIt, attempts) => {
  const kit = new LoopKit('2026-11-22T01:00:00Z');
  const stop = new AbortController();
  let asked = 0;
  const runOnce = async (): Promise<'made' | 'held'> => {
    asked += 1;
    if (asked > 1) return 'made';
    if (othersMakeIt) await kit.makeSet();
    return 'held';
  };
  const { clock, journal, store: primary, log } = kit;
  const ended = loop(
    { clock, journal, log, runOnce, what: 'run', doneAt: () => momentsOfSets(primary, 'geolens') },
    { schedule: parseSchedule('0 2 * * *'), catchUp: true, onStart: 'never', signal: stop.signal },
  );
  await clock.advanceTo('2026-11-22T12:00:00Z');
  expect(asked).toBe(attempts);
  stop.abort();
  await ended;
});
