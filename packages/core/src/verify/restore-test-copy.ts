import type { ArtifactKind } from '../model/artifact-name.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { RestoreTester, RestoreTestOptions } from '../ports/restore-tester.ts';
import type { RestoreInput } from '../ports/dump-restorer.ts';
import { contentOf, type RestoreArtifact } from '../ports/restore-artifact.ts';
import type { Copy } from './copy.ts';
import { inconclusive, type RestoreTestReport } from './restore-test-report.ts';
import type { CopyReading } from './read-copy.ts';
import { runRestoreTest } from './run-restore-test.ts';

export interface RestoreTestParts {
  readonly restoreTest: RestoreTester;
  readonly archiver: Archiver;
}

export interface TestedCopy {
  readonly reading: CopyReading;
  /** Undefined where there was no sense in a restore test: the dump, or what it is restored with, is damaged. */
  readonly restoreTest: RestoreTestReport | undefined;
}

/**
 * Brings the dump to a restore test's ground, where it does not lie on this machine, has it read, and tests its
 * restore. What lies elsewhere is fetched once, and read from what arrived.
 */
export async function restoreTestCopy(
  { restoreTest, archiver }: RestoreTestParts,
  copy: Copy,
  dump: RestoreArtifact,
  read: (copy: Copy) => Promise<CopyReading>,
  options: RestoreTestOptions,
): Promise<TestedCopy> {
  const { manifest } = copy;
  const keptBytes = dump.path === undefined ? dump.bytes : 0;
  const opened = await restoreTest.open(
    { databaseBytes: manifest?.databaseBytes, dumpBytes: dump.bytes, keptBytes },
    options,
  );
  if ('inconclusive' in opened)
    return { reading: await read(copy), restoreTest: inconclusive(opened.inconclusive) };
  await using environment = opened;
  if (dump.path === undefined) options.observer?.({ event: 'step', step: 'fetch' });
  const here = dump.path === undefined ? await environment.keep(dump) : dump;
  const reading = await read({ ...copy, artifacts: { ...copy.artifacts, dump: here } });
  if (isDamaged(reading, 'dump', 'globals')) return { reading, restoreTest: undefined };
  const { globals } = copy.artifacts;
  const input: RestoreInput = {
    dump: contentOf(here),
    globals: globals && contentOf(globals),
    manifest,
    privilegedRoles: true,
  };
  const staging = isDamaged(reading, 'staging') ? 'damaged' : reading.staging;
  return {
    reading,
    restoreTest: await runRestoreTest(environment, input, staging, { archiver, signal: options.signal }),
  };
}

/** Whether something is wrong with one of these, or with any where none are named. */
export function isDamaged({ artifacts }: CopyReading, ...kinds: readonly ArtifactKind[]): boolean {
  return artifacts.some(
    ({ kind, problem }) => problem !== undefined && (kinds.length === 0 || kinds.includes(kind)),
  );
}
