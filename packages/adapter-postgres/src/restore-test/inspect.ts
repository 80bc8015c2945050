import type { Toc } from '../restore/toc/toc.ts';
import { askAssertions, type Assertions } from './ask-assertions.ts';
import { compareSequences, missingLargeObjects } from './compare-content.ts';
import { inspectConstraints } from './constraints.ts';
import { askForFiles, type FilesQuery } from './files-query.ts';
import { together, type DiagnosticResults } from './results.ts';
import { inspectIndexes } from './indexes.ts';
import { prepareSuperuser, type RestoredDatabase } from './restricted-role.ts';
import { askSpatially } from './spatial-queries.ts';

export interface Seen extends DiagnosticResults {
  /** What the dump has and the database lacks, one sentence each. */
  readonly missing: readonly string[];
  /** What could not be asked, one sentence each. */
  readonly unanswered: readonly string[];
  /** Undefined where nobody has said how to ask for them, or the question failed. */
  readonly files: readonly string[] | undefined;
  /** Number of assertions that hold; `undefined` if there are none. */
  readonly assertionsHeld: number | undefined;
}

/** The questions of an operator. */
export interface Questions {
  readonly filesQuery?: FilesQuery | undefined;
  readonly assertions?: Assertions | undefined;
}

/**
 * Inspects a restored database beyond the number of its rows. The superuser reads catalogs and sequences; a
 * restricted role reads tables.
 */
export async function inspect(
  database: RestoredDatabase,
  toc: Toc,
  { filesQuery, assertions }: Questions,
): Promise<Seen> {
  const { superuser } = database;
  await prepareSuperuser(superuser);
  const results = together([
    await inspectIndexes(superuser),
    await inspectConstraints(superuser),
    await compareSequences(superuser, toc),
    await askSpatially(database),
  ]);
  const files = filesQuery && (await askForFiles(database, filesQuery));
  const asked = assertions && (await askAssertions(database, assertions));
  return {
    ...results,
    problems: [...results.problems, ...(asked?.problems ?? [])],
    missing: await missingLargeObjects(superuser, toc),
    unanswered: [
      ...(files !== undefined && 'problem' in files ? [files.problem] : []),
      ...(asked?.unanswered ?? []),
    ],
    files: files === undefined || 'problem' in files ? undefined : files,
    assertionsHeld: asked?.held,
  };
}
