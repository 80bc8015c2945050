import { numberText } from '../base/count-text.ts';
import { isDamaged, type ArtifactReading } from '../catalog/read-copy.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { ArtifactContent } from '../ports/artifact-store.ts';
import type { RestoreInput } from '../ports/dump-restorer.ts';
import type { RestoreTestEnvironment, RestoreTester, RestoreTestOptions } from '../ports/restore-tester.ts';
import type { ReadableArtifact, SetCopy } from '../ports/set-copy.ts';
import { inconclusive, judgeRestoreTest, type RestoreTestReport } from './restore-test-report.ts';

export interface RestoreTestParts {
  readonly restoreTest: RestoreTester;
  /** Checks for the files that rows name. `undefined` if the database has no files. */
  readonly archiver?: Pick<Archiver, 'check'> | undefined;
}

export interface TestedCopy {
  readonly artifacts: readonly ArtifactReading[];
  /** `undefined` if there was no test, because the dump or another required artifact is damaged. */
  readonly restoreTest: RestoreTestReport | undefined;
}

/**
 * Tests the restore of a copy after it was read. Fetches a remote dump once, and reads the fetched file.
 * @param read reads the artifacts of the copy; `undefined` if they were read before and are good
 */
export async function restoreTestCopy(
  { restoreTest, archiver }: RestoreTestParts,
  copy: SetCopy,
  dump: ReadableArtifact,
  read: ((copy: SetCopy) => Promise<readonly ArtifactReading[]>) | undefined,
  options: RestoreTestOptions,
): Promise<TestedCopy> {
  const { manifest } = copy;
  const keptBytes = dump.path === undefined ? dump.bytes : 0;
  const opened = await restoreTest.open(
    { databaseBytes: manifest?.databaseBytes, dumpBytes: dump.bytes, keptBytes },
    options,
  );
  if ('inconclusive' in opened)
    return { artifacts: (await read?.(copy)) ?? [], restoreTest: inconclusive(opened.inconclusive) };
  await using environment = opened;
  if (dump.path === undefined) options.observer?.({ event: 'step', step: 'fetch' });
  const here = dump.path === undefined ? await environment.keep(dump) : dump;
  const artifacts = (await read?.({ ...copy, artifacts: { ...copy.artifacts, dump: here } })) ?? [];
  if (isDamaged(artifacts, 'dump', 'globals')) return { artifacts, restoreTest: undefined };
  const { globals, staging } = copy.artifacts;
  const report = await runRestoreTest(
    environment,
    { dump: here, globals, manifest, privilegedRoles: true },
    isDamaged(artifacts, 'staging') ? 'damaged' : staging,
    { archiver, signal: options.signal },
  );
  return { artifacts, restoreTest: report };
}

/** Maximum number of missing files that are named. */
const SHOWN = 5;

/**
 * Restores a dump in an environment and compares the rows with the manifest. Searches the archive for the
 * files that rows name, if the environment has a query for them. The reader of the archive reports its
 * damage.
 *
 * A missing file makes the result inconclusive. It is lost, or a live system removed it with its row between
 * the snapshot and its archiving.
 */
async function runRestoreTest(
  environment: RestoreTestEnvironment,
  input: RestoreInput,
  staging: ArtifactContent | 'damaged' | undefined,
  {
    archiver,
    signal,
  }: { readonly archiver: Pick<Archiver, 'check'> | undefined; readonly signal: AbortSignal },
): Promise<RestoreTestReport> {
  const testResult = await environment.runRestoreTest(input);
  const report = judgeRestoreTest(input.manifest, testResult);
  if (testResult.outcome !== 'passed' || testResult.files === undefined || staging === 'damaged')
    return report;
  const wanted = new Set(testResult.files.map(withoutDots));
  const asked = wanted.size;
  if (asked > 0 && staging !== undefined)
    await archiver?.check(staging, { signal, onMember: (path) => wanted.delete(withoutDots(path)) });
  if (wanted.size === 0)
    return {
      ...report,
      facts: [...report.facts, `all ${numberText(asked)} files that rows name are in the archive`],
    };
  const names = [...wanted].slice(0, SHOWN).join(', ');
  const more = wanted.size > SHOWN ? ` and ${wanted.size - SHOWN} more` : '';
  const missing =
    staging === undefined
      ? `rows name ${asked} files, and the set has no archive: ${names}${more}`
      : `rows name files that the archive lacks: ${names}${more}`;
  return {
    ...report,
    outcome: report.outcome === 'failed' ? 'failed' : 'inconclusive',
    reasons: [...report.reasons, `${missing}. They are lost, or were removed while the archive was made`],
  };
}

/** Members begin with `./`; rows may omit it. */
function withoutDots(path: string): string {
  return path.replace(/^(?:\.?\/)+/, '');
}
