import { inspectConstraints } from './constraints.ts';
import { askForFiles, type FilesQuery } from './files-query.ts';
import { together, type DiagnosticResults } from './results.ts';
import { inspectIndexes } from './indexes.ts';
import { prepareSuperuser, type RestoredDatabase } from './restricted-role.ts';
import { askSpatially } from './spatial-queries.ts';

export interface Seen extends DiagnosticResults {
  /** What could not be asked, one sentence each. */
  readonly unanswered: readonly string[];
  /** Undefined where nobody has said how to ask for them, or the question failed. */
  readonly files: readonly string[] | undefined;
}

/**
 * Inspects a restored database beyond the number of its rows. The superuser reads catalogs; a restricted role
 * reads tables.
 */
export async function inspect(database: RestoredDatabase, filesQuery: FilesQuery | undefined): Promise<Seen> {
  const { superuser } = database;
  await prepareSuperuser(superuser);
  const results = together([
    await inspectIndexes(superuser),
    await inspectConstraints(superuser),
    await askSpatially(database),
  ]);
  if (filesQuery === undefined) return { ...results, unanswered: [], files: undefined };
  const files = await askForFiles(database, filesQuery);
  return 'problem' in files
    ? { ...results, unanswered: [files.problem], files: undefined }
    : { ...results, unanswered: [], files };
}
