import { type CheckResult, isDamage } from '../model/manifest.ts';
import { timeOf } from '../model/state-file.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import { newestFirst, type BackupSet } from '../model/backup-set.ts';

type Tested = Pick<BackupSet, 'checks'>;

/** A set with a tested restore. */
export interface TestedRun {
  readonly timestamp: RunTimestamp;
  readonly result: CheckResult;
}

/** Returns whether the restore test of a set failed. */
export function hasFailedTest({ checks: { restoreTest } }: Tested): boolean {
  return restoreTest?.outcome === 'failed';
}

/** Returns whether the restore test of a set failed and an operator can still accept the failure. */
export function hasOpenFailure({ checks: { restoreTest } }: Tested): boolean {
  return restoreTest?.outcome === 'failed' && !isDamage(restoreTest) && restoreTest.acceptedAt === undefined;
}

/** Returns whether a set is complete and passed its restore test. */
export function hasPassedTest({ state, checks }: Pick<BackupSet, 'state' | 'checks'>): boolean {
  return state === 'complete' && checks.restoreTest?.outcome === 'passed';
}

/** Returns the newest complete set that passed its restore test. `undefined` if there is none. */
export function newestPassed(sets: readonly BackupSet[]): RunTimestamp | undefined {
  return sets.filter(hasPassedTest).sort(newestFirst)[0]?.timestamp;
}

/**
 * Returns the newest set that passed or failed its restore test, with the latest result of all its copies.
 * `undefined` if no set was tested.
 * @param sets sets of one database
 */
export function newestTest(sets: readonly BackupSet[]): TestedRun | undefined {
  const tested = sets.filter(
    ({ state, checks: { restoreTest } }) =>
      state !== 'untrusted' && (restoreTest?.outcome === 'passed' || restoreTest?.outcome === 'failed'),
  );
  const timestamp = [...tested].sort(newestFirst)[0]?.timestamp;
  const result = latestTest(tested.filter((set) => set.timestamp === timestamp));
  return timestamp && result && { timestamp, result };
}

/** Returns the result of {@link newestTest} if the test failed and no operator accepted the failure. */
export function standingFailure(sets: readonly BackupSet[]): TestedRun | undefined {
  const newest = newestTest(sets);
  return newest?.result.outcome === 'failed' && newest.result.acceptedAt === undefined ? newest : undefined;
}

/** Returns the latest result among copies of one set. `undefined` if none was tested. */
export function latestTest(copies: readonly Tested[]): CheckResult | undefined {
  return copies
    .flatMap(({ checks: { restoreTest } }) => restoreTest ?? [])
    .sort((one, other) => timeOf(other) - timeOf(one) || 0)[0];
}

/** Describes a failed restore test by its first reason only. */
export function failedTestText(set: string, { reason, acceptedAt }: CheckResult): string {
  const first = reason?.split(/; |\n/)[0];
  const because = first === undefined ? '' : ` (${first})`;
  return `the restore test of ${set} failed${because}${acceptedAt === undefined ? '' : ', which was accepted'}`;
}

/**
 * Returns a text that names the newest set with a passed restore test. It follows the description of a failed
 * one.
 */
export function newestPassedText(sets: readonly BackupSet[]): string {
  const passed = newestPassed(sets);
  return passed === undefined
    ? 'no set is known to have passed one'
    : `the newest set that passed is ${passed}`;
}
