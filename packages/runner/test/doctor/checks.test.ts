import { describe, expect, it } from 'vitest';
import {
  parseSchedule,
  parseTimestamp,
  type CheckResult,
  type Health,
  type JournalledRestoreTest,
} from '@geolens/backup-core';
import { FakeRestoreTester } from '@geolens/backup-core/testing';
import {
  checkDiskSpace,
  checkLastRestoreTest,
  checkLastSuccess,
  checkNewestSet,
  checkRestoreTestNeeds,
} from '../../src/doctor/checks.ts';
import { checkSchedule } from '../../src/doctor/inspect.ts';
import { NOW, setOf } from '../support/sets.ts';

const signal = new AbortController().signal;

describe('the finding on space', () => {
  // A set of 5,000 bytes: the next one takes 6,000.
  it.each([
    [5_999, 'fail', '6.0 kB are free in /backups, and the next set takes about 6.0 kB'],
    [6_000, 'warn', 'room for 1 set'],
    [17_999, 'warn', 'room for 2 sets'],
    [18_000, 'ok', 'the next set takes about'],
  ])('with %d bytes free is %s', (freeBytes, level, message) => {
    const found = checkDiskSpace({ folder: '/backups', freeBytes, sets: [setOf()] });
    expect(found.level).toBe(level);
    expect(found.message).toContain(message);
  });

  it.each([
    [999_999, 'fail'],
    [1_000_000, 'warn'],
    [9_999_999, 'warn'],
    [10_000_000, 'ok'],
  ])('of the first set, with %d bytes free for ten times as much, is %s', (freeBytes, level) => {
    const found = checkDiskSpace({ folder: '/backups', freeBytes, sets: [], contentBytes: 10_000_000 });
    expect(found.level).toBe(level);
    expect(found.message).toContain('take 10.0 MB before compression; how much a set takes is known after');
  });

  it('judges by the newest set that is whole, and not at all without one', () => {
    const partial = setOf({ state: 'partial', artifacts: [] });
    expect(checkDiskSpace({ folder: '/backups', freeBytes: 5_000, sets: [partial, setOf()] }).level).toBe(
      'fail',
    );
    expect(checkDiskSpace({ folder: '/backups', freeBytes: 5_000, sets: [partial] })).toMatchObject({
      level: 'ok',
      message: expect.stringContaining('after the first run') as string,
    });
  });
});

describe('the finding on a schedule', () => {
  it.each([
    ['0 2 * * *', 'UTC', '2026-11-22T03:00:00Z', 'next 2026-11-23 02:00, 2026-11-24 02:00, 2026-11-25 02:00'],
    [
      '0 2 * * *',
      'Europe/Berlin',
      '2026-11-22T03:00:00Z',
      'next 2026-11-23 02:00 (01:00 UTC), 2026-11-24 02:00 (01:00 UTC), 2026-11-25 02:00 (01:00 UTC)',
    ],
    [
      '30 0 * * *',
      'Europe/Berlin',
      '2026-10-23T12:00:00Z',
      'next 2026-10-24 00:30 (2026-10-23 22:30 UTC), 2026-10-25 00:30 (2026-10-24 22:30 UTC), 2026-10-26 00:30 (2026-10-25 23:30 UTC)',
    ],
  ])('"%s" in %s names the next three moments', (expression, zone, now, message) => {
    expect(checkSchedule('schedule', parseSchedule(expression, zone), new Date(now))).toEqual({
      subject: 'schedule',
      level: 'ok',
      message: `"${expression}" in ${zone}: ${message}`,
    });
  });

  it('warns when there is no such moment', () => {
    expect(
      checkSchedule('schedule', { ...parseSchedule('0 2 * * *'), next: () => undefined }, NOW),
    ).toMatchObject({ level: 'warn', message: expect.stringContaining('no moment') as string });
  });
});

describe('the finding on the newest set', () => {
  it.each([
    ['complete', 'ok', '20261122_020000 is complete; 2 sets of 2 on the volume can be restored'],
    ['suspicious', 'warn', 'geolens-backup accept 20261122_020000'],
    ['legacy', 'warn', 'nothing is known'],
    ['bad', 'fail', '20261122_020000 is bad: torn; 1 set of 2 on the volume can be restored'],
    ['partial', 'fail', '20261122_020000 is partial: torn'],
  ] as const)('that is %s is %s', (state, level, message) => {
    const found = checkNewestSet([setOf({ state, problems: ['torn'] }), setOf()]);
    expect(found.level).toBe(level);
    expect(found.message).toContain(message);
  });

  it('warns of a bad set among good ones, by its name, once for both tiers', () => {
    const timestamp = parseTimestamp('20261121_020000')!;
    const bad = setOf({ timestamp, state: 'bad', problems: ['torn'] });
    expect(checkNewestSet([setOf(), bad, { ...bad, tier: 'weekly' }])).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('restored; 1 bad set; 20261121_020000: torn') as string,
    });
  });

  it('that is not there is a warning', () => {
    expect(checkNewestSet([]).level).toBe('warn');
  });
});

describe('the finding on the last success', () => {
  const HEALTHY: Health = {
    healthy: true,
    lastSuccessAt: NOW,
    ageMs: 3_600_000,
    maxAgeMs: 1e9,
    lastFailure: undefined,
    problem: undefined,
  };

  it.each<[string, Partial<Health>, string]>([
    ['is recent', {}, 'ok'],
    ['is recent, and a run has failed since', { lastFailure: { at: NOW, error: 'why' } }, 'warn'],
    ['is too old', { healthy: false, problem: 'the last success is too long ago' }, 'fail'],
    ['is still to come', { lastSuccessAt: undefined }, 'warn'],
    [
      'was never tried',
      { healthy: false, lastSuccessAt: undefined, ageMs: undefined, problem: 'there is no set' },
      'warn',
    ],
    ['never came', { healthy: false, lastSuccessAt: undefined, problem: 'no run has succeeded' }, 'fail'],
  ])('that %s', (_, change, level) => {
    expect(checkLastSuccess({ ...HEALTHY, ...change }).level).toBe(level);
  });

  it('names the run in progress and the last failure, also before the first set', () => {
    const running = { since: NOW, phase: 'produce dump', percent: 40 };
    const lastFailure = { at: NOW, error: 'server away' };
    expect(checkLastSuccess({ ...HEALTHY, lastSuccessAt: undefined, running, lastFailure })).toMatchObject({
      message: `there is no set yet; a run is in progress since ${NOW.toISOString()}, produce dump, 40 %; the last run failed at ${NOW.toISOString()}: server away`,
      hint: 'Wait for the end of the run in progress',
    });
  });
});

describe('the results on restore tests', () => {
  const last = (outcome: JournalledRestoreTest['outcome']): { lastRestoreTest: JournalledRestoreTest } => ({
    lastRestoreTest: { outcome, finishedAt: '2026-11-22T04:00:09.000Z', problem: 'why' },
  });

  it.each([
    ['passed', true, 'ok'],
    ['failed', true, 'fail'],
    ['failed', false, 'warn'],
    ['inconclusive', true, 'warn'],
    ['skipped', true, 'warn'],
  ] as const)('a last one that was %s, scheduled: %s, is %s', (outcome, scheduled, level) => {
    expect(checkLastRestoreTest(last(outcome), scheduled)!.level).toBe(level);
  });

  it('is FAIL while the newest test failed, however it was made, until it is accepted or a newer set passes', () => {
    const at = '2026-11-22T04:00:09.000Z';
    const failed = { outcome: 'failed', at, reason: 'why' } as const;
    const found = (result: CheckResult, of = setOf()): string | undefined =>
      checkLastRestoreTest(
        { lastRestoreTest: { ...last('failed').lastRestoreTest, timestamp: setOf().timestamp } },
        true,
        [{ ...of, checks: { restoreTest: result } }],
      )!.level;
    const newer = setOf({ timestamp: parseTimestamp('20261123_020000')! });
    expect(checkLastRestoreTest({}, false, [setOf({ checks: { restoreTest: failed } })])).toMatchObject({
      level: 'fail',
      message: `failed at ${at}, set 20261122_020000: why`,
    });
    expect([
      found(failed),
      found({ ...failed, acceptedAt: at }),
      found({ outcome: 'passed', at }, newer),
      found({ outcome: 'passed', at }, setOf({ timestamp: parseTimestamp('20261121_020000')! })),
    ]).toEqual(['fail', 'warn', 'warn', 'fail']);
  });

  it('none is said where none was', () => {
    expect(checkLastRestoreTest({}, true)).toBeUndefined();
  });

  it('warns where restore tests are not isolated, and names the setting', async () => {
    const restoreTest = new FakeRestoreTester();
    const ground = {
      isolated: false,
      keep: () => Promise.reject(new Error()),
      runRestoreTest: () => Promise.reject(new Error()),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    restoreTest.open = () => Promise.resolve(ground);
    expect(await checkRestoreTestNeeds(restoreTest, setOf(), true, signal)).toMatchObject({
      level: 'warn',
      message: expect.stringContaining('not isolated') as string,
      hint: expect.stringContaining('BACKUP_RESTORE_TEST_ISOLATION=required') as string,
    });
  });

  it('tells whether there is a place for one, and why not', async () => {
    const restoreTest = new FakeRestoreTester();
    expect(await checkRestoreTestNeeds(restoreTest, setOf(), true, signal)).toMatchObject({ level: 'ok' });
    restoreTest.inconclusive = ['no disk space'];
    expect(await checkRestoreTestNeeds(restoreTest, setOf(), true, signal)).toMatchObject({
      level: 'warn',
      message: 'restore tests cannot run here: no disk space',
    });
    restoreTest.open = () => Promise.reject(new Error('broken'));
    expect(await checkRestoreTestNeeds(restoreTest, undefined, false, signal)).toMatchObject({
      level: 'warn',
      message: 'broken',
    });
  });
});
