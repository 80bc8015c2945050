import { BackupError, throwIfAborted, toBackupError } from '../base/errors.ts';
import type { Checks } from '../model/manifest.ts';
import type { Clock } from '../ports/clock.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import type { ReadableArtifact, SetCopy } from '../ports/set-copy.ts';
import type { Published } from './publish.ts';
import { markCopy } from '../catalog/mark-copy.ts';
import { copyOfSet } from '../catalog/set-copy.ts';
import { restoreTestCopy, type RestoreTestParts } from '../restore-test/restore-test-copy.ts';
import { checksOfRestoreTest, type RestoreTestReport } from '../restore-test/restore-test-report.ts';
import { readSets } from '../catalog/read-sets.ts';
import { newestPassedText } from '../catalog/restore-tests.ts';

export interface TestPublishedSetParts extends RestoreTestParts {
  readonly primary: PrimaryStore;
  readonly clock: Clock;
}

export interface TestedSet {
  readonly restoreTest: RestoreTestReport;
  /** Checks of the set, including the restore test. */
  readonly checks: Checks;
  /** Why the outcome could not be recorded. The outcome is still valid. */
  readonly unmarked: BackupError | undefined;
  /**
   * RESTORE_TEST_FAILED, or ARTIFACT_UNREADABLE if rows are damaged. `undefined` if the test did not fail.
   */
  readonly failure: BackupError | undefined;
}

/** A published set, with its plain artifacts if it is encrypted. */
export type PublishedSet = Pick<Published, 'manifest' | 'plain'>;

/**
 * Tests the restore of a published set and records the outcome in its state file. The caller holds the lock.
 */
export async function testPublishedSet(
  parts: TestPublishedSetParts,
  { manifest, plain }: PublishedSet,
  signal: AbortSignal,
): Promise<TestedSet> {
  const { timestamp } = manifest;
  const sets = (await readSets(parts.primary, { signal })).filter(
    (one) => one.database === manifest.database,
  );
  const set = sets.find(
    (one) => one.tier === 'daily' && one.timestamp === timestamp && one.manifest !== undefined,
  );
  const copy = set && withPlain(copyOfSet(parts.primary, set, { signal }), { manifest, plain });
  const dump = copy?.artifacts.dump;
  if (copy === undefined || dump === undefined)
    throw new BackupError(
      'ARTIFACT_NOT_FOUND',
      `the set ${timestamp} is gone before its restore could be tested`,
    );
  // The run already read the copy when it made it.
  const { restoreTest } = await restoreTestCopy(parts, copy, dump, undefined, { signal });
  if (restoreTest === undefined)
    throw new BackupError('ARTIFACT_UNREADABLE', `the set ${timestamp} is damaged`);
  const failure = (unmarked: BackupError | undefined): BackupError | undefined =>
    failureOf(restoreTest, unmarked !== undefined, newestPassedText(sets));
  try {
    const checks = await markCopy(copy, checksOfRestoreTest(restoreTest, parts.clock.now()), { signal });
    return { restoreTest, checks, unmarked: undefined, failure: failure(undefined) };
  } catch (error) {
    throwIfAborted(signal);
    const unmarked = toBackupError(error);
    return { restoreTest, checks: manifest.checks, unmarked, failure: failure(unmarked) };
  }
}

/** Returns the copy of an encrypted set with its plain artifacts and its whole manifest. */
function withPlain(copy: SetCopy, { manifest, plain }: PublishedSet): SetCopy {
  if (plain === undefined) return copy;
  const artifacts = plain.artifacts.map(({ entry: { kind, name, sha256 }, source }) => {
    const { bytes, path } = source;
    const open: ReadableArtifact['open'] = (range, options) => source.open(range, options);
    return [kind, { name, bytes, sha256, path, open }] as const;
  });
  return { ...copy, manifest, artifacts: Object.fromEntries(artifacts) };
}

function failureOf(
  { outcome, reasons, damaged }: RestoreTestReport,
  isUnmarked: boolean,
  passedText: string,
): BackupError | undefined {
  if (outcome !== 'failed') return undefined;
  const message = `the restore test of the new set failed: ${reasons.join('; ')}`;
  if (damaged === true) {
    const kept = isUnmarked
      ? 'It could not be marked as bad: move it away'
      : 'It is kept, marked as bad, and counts for nothing';
    const hint = `${kept}. Look at the server and the disk, then run again`;
    return new BackupError('ARTIFACT_UNREADABLE', message, { hint });
  }
  return new BackupError('RESTORE_TEST_FAILED', message, {
    hint: `The set is kept and copied like any other; ${passedText}`,
  });
}
