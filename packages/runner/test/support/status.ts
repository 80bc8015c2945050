import type { BackupSet } from '@geolens/backup-core';
import type { Status, StoreStatus } from '../../src/status/status.ts';
import { NOW, setOf } from './sets.ts';

/** A store that was looked at now. */
export function storeOf(name: string, ...sets: BackupSet[]): StoreStatus {
  return { name, sets, error: undefined, inspectedAt: NOW };
}

/** A volume with one set, and its copy on S3: all is well, unless it is changed. */
export function statusOf(change: Partial<Status> = {}): Status {
  return {
    now: NOW,
    database: 'geolens',
    version: '1.2.3',
    health: {
      healthy: true,
      lastSuccessAt: new Date('2026-11-22T02:00:09Z'),
      ageMs: 3_591_000,
      maxAgeMs: 129_600_000,
      lastFailure: undefined,
      problem: undefined,
    },
    journal: {
      lastRestoreTest: { outcome: 'passed', finishedAt: '2026-11-22T02:30:00.000Z' },
      lastRun: {
        outcome: 'succeeded',
        startedAt: '2026-11-22T02:00:00.000Z',
        finishedAt: '2026-11-22T02:00:09.000Z',
      },
    },
    stores: [storeOf('local', setOf()), storeOf('s3', setOf())],
    replicas: ['s3'],
    schedule: '0 2 * * *',
    zone: 'UTC',
    nextRunAt: new Date('2026-11-23T02:00:00Z'),
    nextRestoreTestAt: undefined,
    freeBytes: 1e9,
    retention: { daily: 7, weekly: 4 },
    commandPrefix: 'geolens-backup',
    ...change,
  };
}
