import { afterEach, expect, it, vi } from 'vitest';
import type { RestorerEvent } from '@geolens/backup-core';
import { logRestore } from '../../src/present/log-restore.ts';
import { createLogger } from '../../src/present/logger.ts';

afterEach(() => {
  vi.useRealTimers();
});

function kit(columns: number): { observe: (event: RestorerEvent) => void; shown: string[] } {
  vi.useFakeTimers();
  const shown: string[] = [];
  const log = createLogger({ format: 'text', level: 'error', write: () => undefined });
  const terminal = {
    ask: () => Promise.resolve(''),
    status: (text: string) => void shown.push(text),
    columns,
  };
  return { observe: logRestore(log, terminal), shown };
}

const progress = (done: number, change: object = {}): RestorerEvent => ({
  event: 'progress',
  step: 'restore',
  done,
  total: 400_000_000,
  unit: 'bytes',
  isEstimate: true,
  ...change,
});

it('shows bytes and the remaining time of a restore, and no total once the estimate is passed', () => {
  const { observe, shown } = kit(100);
  observe({ event: 'step', step: 'restore' });
  for (const megabytes of [0, 100, 200, 401]) {
    observe(progress(megabytes * 1e6));
    vi.advanceTimersByTime(30_000);
  }
  expect(shown.slice(1)).toEqual([
    `[${' '.repeat(24)}] restoring the dump: 0 B of about 400 MB, 0 %`,
    `[======${' '.repeat(18)}] restoring the dump: 100 MB of about 400 MB, 25 %, about 1 min left`,
    `[${'='.repeat(12)}${' '.repeat(12)}] restoring the dump: 200 MB of about 400 MB, 50 %, about 1 min left`,
    `[${'='.repeat(24)}] restoring the dump: 401 MB`,
  ]);
});

it('fits 80 columns, and begins anew with each step', () => {
  const { observe, shown } = kit(80);
  observe(progress(0));
  vi.advanceTimersByTime(60_000);
  observe(progress(100_000_000));
  observe(progress(3, { step: 'analyze', unit: 'tables', total: 12, isEstimate: false }));
  expect(shown.slice(1)).toEqual([
    `[======${' '.repeat(18)}] 100 MB of about 400 MB, 25 %, about 3 min left`,
    `[======${' '.repeat(18)}] 3 of 12 tables, 25 %`,
  ]);
});
