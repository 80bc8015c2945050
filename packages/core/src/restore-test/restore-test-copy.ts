import { isDamaged, type ArtifactReading } from '../catalog/read-copy.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { RestoreTester, RestoreTestOptions } from '../ports/restore-tester.ts';
import type { ReadableArtifact, SetCopy } from '../ports/set-copy.ts';
import { inconclusive, type RestoreTestReport } from './restore-test-report.ts';
import { runRestoreTest } from './run-restore-test.ts';

export interface RestoreTestParts {
  readonly restoreTest: RestoreTester;
  /** Looks for the files that rows name; absent if no files belong to the database. */
  readonly archiver?: Pick<Archiver, 'check'> | undefined;
}

export interface TestedCopy {
  readonly artifacts: readonly ArtifactReading[];
  /** `undefined` if there was none: the dump, or what it is restored with, is damaged. */
  readonly restoreTest: RestoreTestReport | undefined;
}

/**
 * Tests the restore of a copy once it was read. A dump that lies elsewhere is fetched once, and read from what
 * arrived.
 * @param read `undefined` if the copy was read already, and is good
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
