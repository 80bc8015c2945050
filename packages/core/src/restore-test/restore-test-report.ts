import type { CheckOutcome } from '../model/check-outcome.ts';
import { countText } from '../base/count-text.ts';
import { dumpOf, totalRows, type Checks, type Manifest } from '../model/manifest.ts';
import type { RestoreTestResult } from '../ports/restore-tester.ts';
import { checkResult } from '../catalog/mark-copy.ts';
import { compareRows } from '../model/compare-rows.ts';

/** Result of a restore test. */
export interface RestoreTestReport {
  readonly outcome: CheckOutcome;
  /** Why it did not pass, one sentence each. */
  readonly reasons: readonly string[];
  /** Passed checks. */
  readonly facts: readonly string[];
  readonly warnings: readonly string[];
  /** Number of the operator's assertions that hold. `undefined` if there are none. */
  readonly assertionsHeld?: number | undefined;
  /** Version of the temporary server. */
  readonly serverVersion: string | undefined;
  /**
   * Present if rows or large objects differ from those that were backed up. `undefined` if the artifacts are
   * intact as far as compared.
   */
  readonly damaged?: true | undefined;
  /** `false` if code from the dump ran with the permissions of this process. */
  readonly isolated?: false | undefined;
}

/** Compares the result of a restore test with the manifest. Pure. */
export function judgeRestoreTest(
  manifest: Manifest | undefined,
  testResult: RestoreTestResult,
): RestoreTestReport {
  const nothing = { facts: [], warnings: [], serverVersion: undefined };
  if (testResult.outcome === 'failed') return { ...nothing, outcome: 'failed', reasons: testResult.problems };
  if (testResult.outcome === 'inconclusive')
    return { ...nothing, outcome: 'inconclusive', reasons: testResult.reasons };
  const { rows, extensionRows, problems, missing = [], warnings, unanswered, serverVersion } = testResult;
  const { isolated, assertionsHeld } = testResult;
  const seen = {
    warnings,
    serverVersion,
    ...(assertionsHeld !== undefined && { assertionsHeld }),
    ...(isolated === false && { isolated }),
  };
  const held = assertionsHeld ? [`${countText(assertionsHeld, 'assertion')} held`] : [];
  const facts = [...testResult.facts, ...held];
  const expected = manifest && dumpOf(manifest)?.rowCounts;
  const differences = [...compareRows(manifest, [...rows, ...extensionRows]), ...missing];
  const damage = differences.length > 0 ? { damaged: true as const } : {};
  const wrong = [...differences, ...problems];
  const count =
    rows.length === 0
      ? 'no tables'
      : `${countText(totalRows(rows), 'row')} in ${countText(rows.length, 'table')}`;
  const counted =
    expected === undefined
      ? `${count}; there is no manifest to compare them with`
      : `${count}, as many as in the dump`;
  if (wrong.length > 0)
    return { ...seen, outcome: 'failed', reasons: [...wrong, ...unanswered], facts, ...damage };
  return {
    ...seen,
    outcome: unanswered.length === 0 ? 'passed' : 'inconclusive',
    reasons: unanswered,
    facts: [counted, ...facts],
  };
}

/** Returns the report of a restore test without a suitable environment. */
export function inconclusive(reasons: readonly string[]): RestoreTestReport {
  return { outcome: 'inconclusive', reasons, facts: [], warnings: [], serverVersion: undefined };
}

/** Returns the check of a restore test. `undefined` if it has no result. */
export function checksOfRestoreTest(
  restoreTest: RestoreTestReport | undefined,
  now: Date,
): Checks | undefined {
  if (restoreTest === undefined || restoreTest.outcome === 'inconclusive') return undefined;
  const { outcome, reasons, damaged } = restoreTest;
  return {
    restoreTest: { ...checkResult(outcome === 'passed' ? [] : reasons, now), ...(damaged && { damaged }) },
  };
}
