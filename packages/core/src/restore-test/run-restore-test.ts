import { numberText } from '../base/count-text.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { ArtifactContent } from '../ports/artifact-store.ts';
import type { RestoreTestEnvironment } from '../ports/restore-tester.ts';
import type { RestoreInput } from '../ports/dump-restorer.ts';
import { judgeRestoreTest, type RestoreTestReport } from './restore-test-report.ts';

/** How many missing files are named. */
const SHOWN = 5;

/**
 * Restores a dump on a ground, compares the rows with the manifest, and looks into the archive for the files
 * that rows name, where the ground knows how to ask for them. An archive that is damaged is told of by
 * whoever has read it.
 *
 * A file that the archive lacks leaves open whether all is well: it is lost, or was removed with its row on a
 * live system, between the snapshot and its turn in the archive.
 */
export async function runRestoreTest(
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

/** Members begin with `./`, and rows may or may not. */
function withoutDots(path: string): string {
  return path.replace(/^(?:\.?\/)+/, '');
}
