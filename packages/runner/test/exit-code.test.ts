import { BackupError, type ErrorCode, type RunReport } from '@geolens/backup-core';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodeOfRun } from '../src/exit-code.ts';

const report = (outcome: RunReport['outcome'], ...codes: ErrorCode[]): RunReport => ({
  outcome,
  database: 'geolens',
  timestamp: undefined,
  startedAt: new Date(0),
  finishedAt: new Date(0),
  manifest: undefined,
  checks: {},
  previousRows: undefined,
  suspicion: undefined,
  phases: [],
  warnings: [],
  errors: codes.map((code) => new BackupError(code, 'what happened')),
  restoreTest: undefined,
  replication: [],
  cleanedUp: [],
  removed: [],
});

describe('the exit code', () => {
  it.each([
    ['CONFIG_INVALID', 2],
    ['SCHEDULE_INVALID', 2],
    ['LOCK_HELD', 4],
    ['ARTIFACT_UNREADABLE', 5],
    ['DATABASE_UNREACHABLE', 1],
    ['STORE_FULL', 1],
    ['ABORTED', 1],
    ['UNEXPECTED', 1],
  ] as const)('of an error %s is %i, also when a run failed by it', (code, expected) => {
    expect(exitCodeOf(new BackupError(code, 'what happened'))).toBe(expected);
    expect(exitCodeOfRun(report('failed', code))).toBe(expected);
  });

  it('of a complete run is 0, of one that was done in part 3, whatever failed after the set was good', () => {
    expect(exitCodeOfRun(report('succeeded'))).toBe(0);
    expect(exitCodeOfRun(report('with-errors', 'STORE_FULL'))).toBe(3);
    expect(exitCodeOfRun(report('with-errors', 'ABORTED'))).toBe(3);
  });
});
