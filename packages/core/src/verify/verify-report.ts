import type { BackupError } from '../base/errors.ts';
import { isDamage, type Checks } from '../model/manifest.ts';
import type { CheckOutcome } from '../model/check-outcome.ts';
import { checkResult } from '../catalog/mark-copy.ts';
import type { ArtifactReading } from '../catalog/read-copy.ts';
import type { SetCopy } from '../ports/set-copy.ts';
import { checksOfRestoreTest, type RestoreTestReport } from '../restore-test/restore-test-report.ts';

/** What became of one copy. */
export interface CopyReport {
  readonly copy: SetCopy;
  /**
   * - `passed`: everything that was read is as it was written; with a restore test, that passed too;
   * - `failed`: an artifact is damaged or missing, or a restore test failed (see {@link isBadCopy});
   * - `inconclusive`: it could not be read to its end (`error`), a restore test was not possible here, or the
   *   dump format is newer than the programs here;
   * - `skipped`: the set was removed meanwhile.
   */
  readonly outcome: CheckOutcome;
  /** What was found of each. */
  readonly artifacts: readonly ArtifactReading[];
  /** Absent when none was asked for, or there was no sense in it. */
  readonly restoreTest: RestoreTestReport | undefined;
  /** The failure of an earlier restore test, if none was made now and no operator accepted it. */
  readonly standing: string | undefined;
  /** Why the copy could not be read to its end; the outcome is then `inconclusive`. */
  readonly error: BackupError | undefined;
  /** How long it took. */
  readonly milliseconds: number;
}

/** What became of a verification. */
export interface VerifyReport {
  readonly copies: readonly CopyReport[];
  /** What people should know besides. */
  readonly notes: readonly string[];
  /** What was not done: stores that could not be asked, results that could not be recorded. */
  readonly errors: readonly BackupError[];
}

/** Whether the bytes or rows of a copy are not those that were backed up. */
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

/** What this machine lacks to say that a copy is good, one sentence each. */
export function lacksOf({
  artifacts,
  restoreTest,
}: Pick<CopyReport, 'artifacts' | 'restoreTest'>): readonly string[] {
  return [
    ...artifacts.flatMap(({ unjudged }) => unjudged ?? []),
    ...(restoreTest?.outcome === 'inconclusive' ? restoreTest.reasons : []),
  ];
}

/** Everything that is wrong with a copy, one sentence each. */
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

/** Returns the checks that a verification has made; `undefined` if it has no result. */
export function checksOf(
  { outcome, error, artifacts, restoreTest }: CopyReport,
  now: Date,
): Checks | undefined {
  if (error !== undefined || outcome === 'skipped') return undefined;
  const damaged = artifacts.flatMap(({ problem }) => problem ?? []);
  const read = checkResult(damaged, now);
  // What was compared with a damaged manifest may look wrong, or right, by that alone.
  const isComparable = artifacts.every(({ kind, problem }) => kind !== 'manifest' || problem === undefined);
  const tested = isComparable ? checksOfRestoreTest(restoreTest, now) : undefined;
  if (damaged.length > 0) return { content: read, ...tested };
  const judged = artifacts.every(({ unjudged }) => unjudged === undefined);
  return { checksum: read, ...(judged && { content: read }), ...tested };
}
