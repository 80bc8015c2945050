import { describe, expect, it } from 'vitest';
import {
  formatTimestamp,
  parseTimestamp,
  type BackupSet,
  type JournalState,
  type PastRun,
} from '@geolens/backup-core';
import { historyOf } from '../../src/status/history.ts';
import type { StoreStatus } from '../../src/status/status.ts';
import { NOW, setOf } from '../support/sets.ts';

const store = (name: string, ...sets: BackupSet[]): StoreStatus => ({
  name,
  sets,
  error: undefined,
  inspectedAt: NOW,
});
const past = (startedAt: string, change: Partial<PastRun> = {}): PastRun => ({
  timestamp: formatTimestamp(new Date(startedAt)),
  outcome: 'succeeded',
  startedAt,
  finishedAt: startedAt.replace(':00Z', ':30Z'),
  bytes: 7000,
  ...change,
});
const historyWith = (
  stores: readonly StoreStatus[],
  journal: JournalState = {},
): ReturnType<typeof historyOf> => historyOf({ stores, journal });

describe('the history', () => {
  it('is empty when nothing is known', () => {
    expect(historyWith([])).toEqual([]);
  });

  it('knows the size and the duration of a set from its manifest', () => {
    expect(historyWith([store('local', setOf())])).toEqual([
      {
        at: new Date('2026-11-22T02:00:00Z'),
        state: 'complete',
        isRestoreTested: false,
        bytes: 5000,
        milliseconds: 9000,
        problem: undefined,
      },
    ]);
  });

  it('counts a set once, however many copies it has, and takes the best of them', () => {
    const bad = setOf({ state: 'bad', problems: ['bad sector'] });
    expect(
      historyWith([store('local', bad, setOf({ ...bad, tier: 'weekly' })), store('s3', setOf())]),
    ).toMatchObject([{ state: 'complete', problem: undefined }]);
    expect(historyWith([store('local', bad)])).toMatchObject([{ state: 'bad', problem: 'bad sector' }]);
  });

  it('knows that a set is proven, when one of its copies says so', () => {
    const restored = setOf({ checks: { restoreTest: { outcome: 'passed', at: '2026-11-22T03:00:00Z' } } });
    expect(historyWith([store('local', setOf()), store('s3', restored)])).toMatchObject([
      { isRestoreTested: true },
    ]);
  });

  it('remembers runs whose sets are in no store any more, and runs that failed, the oldest first', () => {
    const failed = past('2026-11-20T02:00:00Z', {
      timestamp: undefined,
      outcome: 'failed',
      bytes: undefined,
      error: 'server away',
    });
    const history = historyWith([store('local', setOf())], {
      pastRuns: [past('2026-11-19T02:00:00Z'), failed, past('2026-11-22T02:00:00Z')],
    });
    expect(
      history.map(({ at, state, bytes, problem }) => [at.toISOString().slice(0, 10), state, bytes, problem]),
    ).toEqual([
      ['2026-11-19', 'removed', 7000, undefined],
      ['2026-11-20', 'failed', undefined, 'server away'],
      ['2026-11-22', 'complete', 5000, undefined],
    ]);
  });

  it('goes by the moments in the names of sets that have no manifest', () => {
    expect(
      historyWith([
        store(
          'local',
          setOf({ timestamp: parseTimestamp('20260101_020000')!, state: 'legacy', manifest: undefined }),
        ),
      ]),
    ).toMatchObject([{ state: 'legacy', milliseconds: undefined }]);
  });

  it('is not thrown off by a journal that was edited by hand', () => {
    const edited = [
      null,
      7,
      { startedAt: 'yesterday' },
      past('2026-11-19T02:00:00Z'),
    ] as unknown as PastRun[];
    expect(historyWith([], { pastRuns: edited })).toHaveLength(1);
    expect(historyWith([], { pastRuns: 'none' as unknown as PastRun[] })).toEqual([]);
  });
});
