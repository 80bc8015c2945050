import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  BackupError,
  timestampToDate,
  parseTimestamp,
  type Checks,
  type JournalState,
} from '@geolens/backup-core';
import { metricsText } from '../../src/status/metrics.ts';
import type { Status, StoreStatus } from '../../src/status/status.ts';
import { MANIFEST, NOW, setOf } from '../support/sets.ts';

const AT = '2026-11-22T02:00:09.000Z';
const SET_AT = timestampToDate(MANIFEST.timestamp).getTime() / 1000;
const RUN = {
  timestamp: MANIFEST.timestamp,
  outcome: 'succeeded',
  startedAt: '2026-11-22T02:00:00.000Z',
  finishedAt: AT,
} as const;

const local = (change: Partial<StoreStatus> = {}): StoreStatus => ({
  name: 'local',
  sets: [setOf()],
  error: undefined,
  inspectedAt: NOW,
  ...change,
});
const s3 = (change: Partial<StoreStatus> = {}): StoreStatus => local({ name: 's3', ...change });

const NOTHING: Status = {
  now: NOW,
  database: 'geolens',
  version: '1.2.3',
  journal: {},
  stores: [],
  nextRunAt: undefined,
  nextRestoreTestAt: undefined,
  freeBytes: undefined,
  retention: { daily: 7, weekly: 4 },
  commandPrefix: 'geolens-backup',
  replicas: [],
  schedule: '0 2 * * *',
  zone: 'UTC',
  health: {
    healthy: false,
    lastSuccessAt: undefined,
    ageMs: undefined,
    maxAgeMs: 129_600_000,
    lastFailure: undefined,
    problem: 'nothing yet',
  },
};

/** The value of a sample, by its name and labels as they stand there; undefined when there is none. */
async function samples(change: Partial<Status>): Promise<(name: string) => number | undefined> {
  const lines = (await metricsText({ ...NOTHING, ...change })).split('\n');
  return (name) => {
    const line = lines.find((one) => one.startsWith(`geolens_backup_${name} `));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
  };
}

const journal = (state: JournalState): Partial<Status> => ({ journal: state });
const tested: Checks = { ...MANIFEST.checks, restoreTest: { outcome: 'passed', at: AT } };
const older = parseTimestamp('20261121_020000')!;

describe('the metrics', () => {
  it.each<[string, Partial<Status>, number | undefined, Partial<Status>, number | undefined]>([
    ['info{version="1.2.3",database="geolens"}', {}, 1, { version: '2.0.0' }, undefined],
    ['healthy', {}, 0, { health: { ...NOTHING.health, healthy: true } }, 1],
    [
      'restore_test_failed',
      {},
      0,
      {
        health: {
          ...NOTHING.health,
          failedRestoreTest: { timestamp: older, result: { outcome: 'failed', at: AT } },
        },
      },
      1,
    ],
    ['max_age_seconds', {}, 129_600, { health: { ...NOTHING.health, maxAgeMs: 1000 } }, 1],
    [
      'last_success_timestamp_seconds',
      {},
      undefined,
      { health: { ...NOTHING.health, lastSuccessAt: new Date(AT) } },
      1_795_312_809,
    ],
    ['first_start_timestamp_seconds', {}, undefined, journal({ firstStartAt: AT }), 1_795_312_809],
    ['last_run_result{outcome="succeeded"}', {}, undefined, journal({ lastRun: RUN }), 1],
    [
      'last_run_result{outcome="failed"}',
      journal({ lastRun: RUN }),
      0,
      journal({ lastRun: { ...RUN, outcome: 'failed' } }),
      1,
    ],
    [
      'last_run_result{outcome="with-errors"}',
      journal({ lastRun: RUN }),
      0,
      journal({ lastRun: { ...RUN, outcome: 'with-errors' } }),
      1,
    ],
    ['last_run_timestamp_seconds', {}, undefined, journal({ lastRun: RUN }), 1_795_312_809],
    ['last_run_duration_seconds', {}, undefined, journal({ lastRun: RUN }), 9],
    [
      'last_run_phase_duration_seconds{phase="produce",artifact="dump",tier=""}',
      {},
      undefined,
      journal({
        lastRun: { ...RUN, phases: [{ phase: 'produce', artifact: 'dump', milliseconds: 4200, bytes: 7 }] },
      }),
      4.2,
    ],
    [
      'last_run_phase_bytes{phase="replicate",artifact="dump",tier="daily"}',
      {},
      undefined,
      journal({
        lastRun: {
          ...RUN,
          phases: [7, 5].map((bytes) => ({
            phase: 'replicate',
            artifact: 'dump',
            tier: 'daily',
            milliseconds: 1,
            bytes,
          })),
        },
      }),
      12,
    ],
    [
      'last_drill_result{verdict="proven"}',
      {},
      undefined,
      journal({ lastRestoreTest: { outcome: 'passed', finishedAt: AT } }),
      1,
    ],
    [
      'last_drill_result{verdict="bad"}',
      journal({ lastRestoreTest: { outcome: 'passed', finishedAt: AT } }),
      0,
      journal({ lastRestoreTest: { outcome: 'failed', finishedAt: AT } }),
      1,
    ],
    [
      'last_drill_timestamp_seconds',
      {},
      undefined,
      journal({ lastRestoreTest: { outcome: 'failed', finishedAt: AT } }),
      1_795_312_809,
    ],
    ['sets{store="local",tier="daily",state="complete"}', {}, undefined, { stores: [local()] }, 1],
    [
      'sets{store="s3",tier="weekly",state="bad"}',
      { stores: [local(), s3()] },
      0,
      { stores: [local(), s3({ sets: [setOf({ tier: 'weekly', state: 'bad' })] })] },
      1,
    ],
    [
      'sets_bytes{store="local",tier="daily"}',
      { stores: [local({ sets: [] })] },
      0,
      { stores: [local()] },
      5000,
    ],
    [
      'store_up{store="s3"}',
      { stores: [local(), s3()] },
      1,
      { stores: [local(), s3({ sets: undefined, error: new BackupError('STORE_UNAVAILABLE', 'away') })] },
      0,
    ],
    [
      'store_looked_at_timestamp_seconds{store="local"}',
      {},
      undefined,
      { stores: [local()] },
      NOW.getTime() / 1000,
    ],
    [
      'replication_lag_sets{store="s3"}',
      { stores: [local(), s3()] },
      0,
      { stores: [local(), s3({ sets: [] })] },
      1,
    ],
    [
      'replication_lag_sets{store="s3"}',
      { stores: [local(), s3({ sets: undefined })] },
      undefined,
      { stores: [local({ sets: undefined }), s3()] },
      undefined,
    ],
    [
      'replication_lag_seconds{store="s3"}',
      { stores: [local(), s3()] },
      0,
      { stores: [local(), s3({ sets: [] })] },
      3600,
    ],
    [
      'newest_set_timestamp_seconds',
      {},
      undefined,
      { stores: [local({ sets: [setOf({ state: 'partial' }), setOf({ timestamp: older })] })] },
      SET_AT - 86_400,
    ],
    ['newest_set_bytes{artifact="dump"}', {}, undefined, { stores: [local()] }, 4100],
    [
      'newest_set_suspicious',
      {},
      undefined,
      { stores: [local({ sets: [setOf({ state: 'suspicious' })] })] },
      1,
    ],
    [
      'newest_set_suspicious',
      { stores: [local()] },
      0,
      { stores: [local({ sets: [setOf({ state: 'suspicious' })] })] },
      1,
    ],
    ['newest_set_rows', {}, undefined, { stores: [local()] }, 1234],
    [
      'newest_verified_set_timestamp_seconds',
      { stores: [local({ sets: [setOf({ state: 'bad' })] })] },
      undefined,
      { stores: [local()] },
      SET_AT,
    ],
    [
      'newest_proven_set_timestamp_seconds',
      { stores: [local()] },
      undefined,
      { stores: [local(), s3({ sets: [setOf({ checks: tested })] })] },
      SET_AT,
    ],
    ['next_run_timestamp_seconds', {}, undefined, { nextRunAt: NOW }, NOW.getTime() / 1000],
    ['next_drill_timestamp_seconds', {}, undefined, { nextRestoreTestAt: NOW }, NOW.getTime() / 1000],
  ])('%s changes with what it tells', async (name, before, value, after, then) => {
    expect((await samples(before))(name)).toBe(value);
    expect((await samples(after))(name)).toBe(then);
  });

  it('have no sample that is not a number, and escape what stands in labels', async () => {
    const text = await metricsText({
      ...NOTHING,
      database: 'a "b"\\\nc',
      journal: { lastRun: { ...RUN, startedAt: 'yesterday', finishedAt: 'today' }, firstStartAt: 'once' },
    });
    expect(text).not.toMatch(/NaN/);
    expect(text).toContain('database="a \\"b\\"\\\\\\nc"');
  });

  it('call backups healthy that are made in time, whatever a restore test showed', async () => {
    const failedRestoreTest = { timestamp: older, result: { outcome: 'failed', at: AT } } as const;
    const health = { ...NOTHING.health, healthy: false, failedRestoreTest };
    const healthy = async (ageMs: number): Promise<number | undefined> =>
      (await samples({ health: { ...health, ageMs } }))('healthy');
    expect([await healthy(1000), await healthy(1e9)]).toEqual([1, 0]);
  });

  it('are all in the documentation, and no others', async () => {
    const documentation = readFileSync(new URL('../../../../docs/configuration.md', import.meta.url), 'utf8');
    const rows = documentation
      .slice(documentation.indexOf('| metric ('))
      .split('\n')
      .slice(2)
      .map((row) => row.split('|')[1] ?? '');
    const documented = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
    const there = [
      ...(await metricsText({ ...NOTHING, stores: [local()] })).matchAll(
        /^# TYPE geolens_backup_(\w+) gauge$/gm,
      ),
    ].map(([, name]) => name!);
    expect(documented.sort()).toEqual(there.sort());
  });
});
