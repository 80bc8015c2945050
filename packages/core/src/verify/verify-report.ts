import type { BackupError } from '../base/errors.ts';
import { isDamage, type Checks } from '../model/manifest.ts';
import type { CheckOutcome } from '../model/check-outcome.ts';
import { checkResult } from '../catalog/mark-copy.ts';
import type { ArtifactReading } from '../catalog/read-copy.ts';
import type { SetCopy } from '../ports/set-copy.ts';
import { checksOfRestoreTest, type RestoreTestReport } from '../restore-test/restore-test-report.ts';

/** Result for one copy. */
export interface CopyReport {
  readonly copy: SetCopy;
  /**
   * Outcome of the verification.
   *
   * - `passed`: everything that was read equals what was written, and the restore test passed if requested;
   * - `failed`: an artifact is damaged or missing, or a restore test failed (`isBadCopy` separates them);
   * - `inconclusive`: a read failed (`error`), a restore test was impossible, or the dump format is newer
   *   than the installed programs;
   * - `skipped`: the set was removed meanwhile.
   */
  readonly outcome: CheckOutcome;
  /** Results of the single artifacts. */
  readonly artifacts: readonly ArtifactReading[];
  /** `undefined` if none was requested or possible. */
  readonly restoreTest: RestoreTestReport | undefined;
  /**
   * The failure of an earlier restore test. `undefined` if there is none, an operator accepted it, or this
   * verification has a new result.
   */
  readonly standing: string | undefined;
  /** Why the copy could not be read to its end. The outcome is then `inconclusive`. */
  readonly error: BackupError | undefined;
  /** Duration. */
  readonly milliseconds: number;
}

/** Result of a verification. */
export interface VerifyReport {
  readonly copies: readonly CopyReport[];
  /** Further information for the operator. */
  readonly notes: readonly string[];
  /** Incomplete work: unreachable stores, and results that could not be recorded. */
  readonly errors: readonly BackupError[];
}

/** Returns whether the bytes or rows of a copy differ from those that were backed up. */
export function isBadCopy({
  copy,
  artifacts,
  restoreTest,
  standing,
}: Pick<CopyReport, 'copy' | 'artifacts' | 'restoreTest' | 'standing'>): boolean {
  return (
    artifacts.some(({ problem }) => problem !== undefined) ||
    restoreTest?.damaged === true ||
    (standing !== undefined && isDamage(copy.checks.restoreTest))
  );
}

/** Returns what this machine lacks for a full result, one sentence each. */
export function lacksOf({
  artifacts,
  restoreTest,
}: Pick<CopyReport, 'artifacts' | 'restoreTest'>): readonly string[] {
  const lacks = [
    ...artifacts.flatMap(({ unjudged }) => unjudged ?? []),
    ...(restoreTest?.outcome === 'inconclusive' ? restoreTest.reasons : []),
  ];
  // One lack is often that of several artifacts.
  return [...new Set(lacks)];
}

/** Returns all problems of a copy, one sentence each. */
export function problemsOf({
  artifacts,
  restoreTest,
  standing,
  outcome,
}: Pick<CopyReport, 'artifacts' | 'restoreTest' | 'standing' | 'outcome'>): readonly string[] {
  const damaged = [
    ...artifacts.flatMap(({ problem }) => problem ?? []),
    ...(standing === undefined ? [] : [standing]),
  ];
  return outcome === 'failed' && restoreTest?.outcome === 'failed'
    ? [...damaged, ...restoreTest.reasons]
    : damaged;
}

/** Returns the checks of a verification. `undefined` if it has no result. */
export function checksOf(
  { outcome, error, artifacts, restoreTest }: CopyReport,
  now: Date,
): Checks | undefined {
  if (error !== undefined || outcome === 'skipped') return undefined;
  const damaged = artifacts.flatMap(({ problem }) => problem ?? []);
  const read = checkResult(damaged, now);
  // A damaged manifest makes any comparison with it meaningless.
  const isComparable = artifacts.every(({ kind, problem }) => kind !== 'manifest' || problem === undefined);
  const tested = isComparable ? checksOfRestoreTest(restoreTest, now) : undefined;
  if (damaged.length > 0) return { content: read, ...tested };
  const judged = artifacts.every(({ unjudged }) => unjudged === undefined);
  return { checksum: read, ...(judged && { content: read }), ...tested };
}
