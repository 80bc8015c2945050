import type { CheckOutcome } from '../model/check-outcome.ts';
import { countText } from '../base/count-text.ts';
import { dumpOf, totalRows, type Manifest } from '../model/manifest.ts';
import type { RestoreTestResult } from '../ports/restore-tester.ts';
import { compareRows } from '../model/compare-rows.ts';

/** The result of a restore test. */
export interface RestoreTestReport {
  readonly outcome: CheckOutcome;
  /** Why it did not pass, one sentence each. */
  readonly reasons: readonly string[];
  /** What was seen to be well. */
  readonly facts: readonly string[];
  readonly warnings: readonly string[];
  /** Of the temporary server. */
  readonly serverVersion: string | undefined;
  /**
   * Rows differ from those that were backed up. Absent if the artifacts are intact as far as was compared.
   */
  readonly damaged?: true | undefined;
  /** `false` if code of the dump had the rights of the process that tested the restore. */
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
  const { rows, extensionRows, problems, warnings, unanswered, facts, serverVersion } = testResult;
  const isolation = testResult.isolated === false ? { isolated: false as const } : {};
  const expected = manifest && dumpOf(manifest)?.rowCounts;
  const differences = compareRows(manifest, [...rows, ...extensionRows]);
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
    return { outcome: 'failed', reasons: wrong, facts, warnings, serverVersion, ...damage, ...isolation };
  return {
    outcome: unanswered.length === 0 ? 'passed' : 'inconclusive',
    reasons: unanswered,
    facts: [counted, ...facts],
    warnings,
    serverVersion,
    ...isolation,
  };
}

/** The report of a restore test that found no place. */
export function inconclusive(reasons: readonly string[]): RestoreTestReport {
  return { outcome: 'inconclusive', reasons, facts: [], warnings: [], serverVersion: undefined };
}
