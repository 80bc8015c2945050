import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ManualClock, MemoryJournal } from '@geolens/backup-core/testing';
import { ProgressRecord } from '../../src/status/progress-record.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('records a run with its first event and every ten seconds, and removes the record at its end', async () => {
  const [clock, journal] = [new ManualClock('2026-02-01T00:00:00Z'), new MemoryJournal()];
  const update = vi.spyOn(journal, 'update');
  const record = new ProgressRecord({ clock, journal });
  record.observe({ event: 'phase.started', phase: 'clean-up' });
  const startedAt = '2026-02-01T00:00:00.000Z';
  expect((await journal.read()).currentRun).toMatchObject({ startedAt, at: startedAt, phase: 'clean-up' });
  for (let bytes = 0; bytes <= 500; bytes += 1)
    record.observe({ event: 'phase.progress', phase: 'produce', artifact: 'dump', bytes, expected: 1000 });
  expect(update).toHaveBeenCalledTimes(1);
  clock.jumpTo('2026-02-01T00:00:10Z');
  vi.advanceTimersByTime(10_000);
  expect((await journal.read()).currentRun).toEqual({
    startedAt,
    at: '2026-02-01T00:00:10.000Z',
    phase: 'produce dump',
    percent: 50,
  });
  await record.stop();
  vi.advanceTimersByTime(60_000);
  expect((await journal.read()).currentRun).toBeUndefined();
});

it('writes nothing for a run that did not begin, and does not disturb one whose journal cannot be written', async () => {
  const [clock, journal] = [new ManualClock('2026-02-01T00:00:00Z'), new MemoryJournal()];
  const update = vi.spyOn(journal, 'update').mockRejectedValue(new Error('disk full'));
  await new ProgressRecord({ clock, journal }).stop();
  expect(update).not.toHaveBeenCalled();
  const record = new ProgressRecord({ clock, journal });
  record.observe({ event: 'phase.started', phase: 'clean-up' });
  await expect(record.stop()).resolves.toBeUndefined();
});
