import { describe, expect, it } from 'vitest';
import { BackupError, type RunReport } from '../../src/index.ts';
import { isRestorable } from '../../src/internal.ts';
import { DAY, NOTHING_OPEN, RunKit } from '../support/run-kit.ts';

const NEW = '20260104_020000';

/** Three sets of the days before, and a Sunday's run to come: every kind of call is made in it. */
async function prepared(): Promise<RunKit> {
  const kit = new RunKit('2026-01-01T02:00:00Z');
  await kit.runDaily(3);
  return kit;
}

const restorable = async (kit: RunKit): Promise<string[]> =>
  (await kit.sets()).filter(isRestorable).map(({ tier, timestamp }) => `${tier} ${timestamp}`);

async function countCalls(): Promise<number> {
  const kit = await prepared();
  await kit.run();
  return kit.calls.length;
}

/** What holds after every run, however it ended. */
async function expectSound(kit: RunKit, before: readonly string[], report: RunReport): Promise<void> {
  expect(kit.open).toEqual(NOTHING_OPEN);
  const after = await restorable(kit);
  const isThere = after.includes(`daily ${NEW}`);
  expect(isThere).toBe(report.outcome !== 'failed');
  expect(report.errors.length > 0).toBe(report.outcome !== 'succeeded');
  if (report.outcome === 'failed') expect(after.filter((set) => !set.startsWith('weekly'))).toEqual(before);
  if (report.outcome === 'succeeded') expect(after).toContain(`weekly ${NEW}`);
  // Retention keeps three: of the sets of before only the oldest may have gone, and only because the new one
  // is there.
  expect(before.filter((set) => !after.includes(set))).toEqual(
    isThere && report.removed.length > 0 ? ['daily 20260101_020000'] : [],
  );
}

async function expectNextRunRepairs(kit: RunKit): Promise<void> {
  kit.clock.jumpTo(new Date(kit.clock.now().getTime() + DAY));
  expect(await kit.run()).toMatchObject({ outcome: 'succeeded', errors: [] });
  const sets = await kit.sets();
  expect(sets.filter(({ state }) => state === 'partial')).toEqual([]);
  expect(sets.filter(({ tier }) => tier === 'daily')).toHaveLength(3);
  if (sets.some(({ timestamp }) => timestamp === NEW))
    expect(await restorable(kit)).toContain(`weekly ${NEW}`);
}

const calls = await countCalls();
const indexes = Array.from({ length: calls }, (_, index) => index);

describe(`a run whose store is called ${calls} times`, () => {
  it('is made of every kind of call', async () => {
    const kit = await prepared();
    await kit.run();
    expect(new Set(kit.calls.map(({ operation }) => operation))).toEqual(
      new Set(['cleanUp', 'list', 'read', 'write', 'commit', 'copy', 'remove']),
    );
  });

  it.each(indexes)(
    'loses nothing when call %i fails, reports it, and the next run repairs it',
    async (failing) => {
      const kit = await prepared();
      const before = await restorable(kit);
      const failure = new BackupError('STORE_FAILED', 'EIO');
      const report = await kit.run({ fault: (_call, index) => (index === failing ? failure : undefined) });
      const operation = kit.calls[failing]?.operation;
      if (operation === 'cleanUp') expect(report.warnings.join()).toContain('EIO');
      else if (operation !== 'read') expect(report.errors).toContain(failure);
      await expectSound(kit, before, report);
      await expectNextRunRepairs(kit);
    },
  );

  it.each(indexes)('loses nothing when every call from number %i on fails', async (first) => {
    const kit = await prepared();
    const before = await restorable(kit);
    const report = await kit.run({
      fault: (_call, index) => (index >= first ? new BackupError('STORE_FAILED', 'disk gone') : undefined),
    });
    await expectSound(kit, before, report);
    await expectNextRunRepairs(kit);
  });

  it.each(indexes)('ends soundly when it is stopped at call %i', async (stopping) => {
    const kit = await prepared();
    const before = await restorable(kit);
    const stop = new AbortController();
    const fault = (_call: unknown, index: number): undefined => {
      if (index === stopping) stop.abort();
    };
    const report = await kit.run({ fault }, { signal: stop.signal });
    if (report.outcome !== 'succeeded')
      expect(new Set(report.errors.map(({ code }) => code))).toEqual(new Set(['ABORTED']));
    // Once the last artifact is being removed there is nothing left to stop.
    else expect(stopping).toBe(calls - 1);
    await expectSound(kit, before, report);
    await expectNextRunRepairs(kit);
  });

  it('ends soundly when it is stopped at any event that it tells', async () => {
    const counted = await prepared();
    const reported = counted.events.length;
    await counted.run();
    const events = counted.events.length - reported;
    expect(events).toBeGreaterThan(10);
    for (let stopping = 0; stopping < events; stopping += 1) {
      const kit = await prepared();
      const before = await restorable(kit);
      const stop = new AbortController();
      let seen = 0;
      const observer = (): void => {
        if (seen++ === stopping) stop.abort();
      };
      const report = await kit.run({}, { signal: stop.signal, observer });
      expect(report.outcome === 'succeeded').toBe(stopping === events - 1);
      await expectSound(kit, before, report);
      await expectNextRunRepairs(kit);
    }
  });

  it('does nothing at all when it was stopped beforehand', async () => {
    const kit = await prepared();
    const before = kit.files();
    const report = await kit.run({}, { signal: AbortSignal.abort() });
    expect(report).toMatchObject({ outcome: 'failed', errors: [{ code: 'ABORTED' }] });
    expect(kit.files()).toEqual(before);
    expect(kit.open).toEqual(NOTHING_OPEN);
  });
});
