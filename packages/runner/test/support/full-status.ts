import type { Status, StoreStatus } from '../../src/status/status.ts';
import { MANIFEST, NOW, setOf } from './sets.ts';

const storeOf = (name: string): StoreStatus => ({
  name,
  sets: [
    setOf({ checks: { ...MANIFEST.checks, restoreTest: { outcome: 'passed', at: NOW.toISOString() } } }),
  ],
  error: undefined,
  inspectedAt: NOW,
});
const at = NOW.toISOString();

/** A status that gives every metric a sample. */
export const FULL_STATUS: Status = {
  now: NOW,
  database: 'geolens',
  version: '1.2.3',
  stores: [storeOf('local'), storeOf('s3')],
  replicas: ['s3'],
  schedule: '0 2 * * *',
  zone: 'UTC',
  nextRunAt: NOW,
  nextRestoreTestAt: NOW,
  freeBytes: 1_000_000,
  retention: { daily: 7, weekly: 4 },
  commandPrefix: 'geolens-backup',
  encryption: { mode: 'replicas', recipients: ['0123456789abcdef'] },
  journal: {
    firstStartAt: at,
    keyChecks: { '0123456789abcdef': at },
    lastRun: {
      outcome: 'succeeded',
      startedAt: at,
      finishedAt: at,
      phases: [{ phase: 'produce', artifact: 'dump', milliseconds: 1000, bytes: 10 }],
    },
    lastRestoreTest: { outcome: 'passed', finishedAt: at },
    lastReplicaCheck: { outcome: 'passed', finishedAt: at, sets: 1 },
  },
  health: {
    healthy: true,
    lastSuccessAt: NOW,
    ageMs: 0,
    maxAgeMs: 129_600_000,
    lastFailure: undefined,
    problem: undefined,
  },
};
