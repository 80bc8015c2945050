import type pg from 'pg';
import type { Toc } from '../restore/toc/toc.ts';
import { askAssertions, type Assertions } from './ask-assertions.ts';
import { compareSequences, missingLargeObjects } from './compare-content.ts';
import { askForFiles, type FilesQuery } from './files-query.ts';
import { together, type DiagnosticResults, counted } from './results.ts';
import { prepareSuperuser, type RestoredDatabase } from './restricted-role.ts';
import { askSpatially } from './spatial-queries.ts';

export interface Seen extends DiagnosticResults {
  /** Objects of the dump that the database lacks, one sentence each. */
  readonly missing: readonly string[];
  /** Queries without an answer, one sentence each. */
  readonly unanswered: readonly string[];
  /** Paths of files; `undefined` if there is no query for them or it failed. */
  readonly files: readonly string[] | undefined;
  /** Number of assertions that hold; `undefined` if there are none. */
  readonly assertionsHeld: number | undefined;
}

/** Inspects a restored database beyond its row counts. A restricted role reads the tables. */
export async function inspect(
  database: RestoredDatabase,
  toc: Toc,
  {
    filesQuery,
    assertions,
  }: { readonly filesQuery?: FilesQuery | undefined; readonly assertions?: Assertions | undefined },
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

/* Includes those of extensions: a broken index is a problem in any case. */
const INDEXES = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, c.relkind = 'I' AS partitioned, i.indisvalid AND i.indisready AND i.indislive AS valid
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`;

/**
 * Checks the indexes. pg_dump omits invalid indexes, except those of partitioned tables that some partitions
 * lack; these were invalid before.
 */
async function inspectIndexes(client: pg.Client): Promise<DiagnosticResults> {
  const { rows } = await client.query<{
    readonly name: string;
    readonly partitioned: boolean;
    readonly valid: boolean;
  }>(INDEXES);
  const invalid = rows.filter(({ valid }) => !valid);
  const valid = rows.length - invalid.length;
  return {
    problems: invalid
      .filter(({ partitioned }) => !partitioned)
      .map(({ name }) => `index ${name} is not valid`),
    warnings: invalid
      .filter(({ partitioned }) => partitioned)
      .map(
        ({ name }) =>
          `index ${name} of a partitioned table is not valid: not every partition has it, as when it was dumped`,
      ),
    facts: valid === 0 ? [] : [counted(valid, 'index', 'indexes', 'valid')],
  };
}

const CONSTRAINTS = `
  SELECT pg_catalog.format('%I of %s', c.conname, CASE c.conrelid WHEN 0 THEN c.contypid::pg_catalog.regtype::text ELSE c.conrelid::pg_catalog.regclass::text END) AS name,
         c.convalidated AS valid
    FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
   WHERE c.contype IN ('c', 'f', 'p', 'u', 'x') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.deptype = 'e'
                        AND (d.classid, d.objid) IN (('pg_catalog.pg_class'::pg_catalog.regclass, c.conrelid), ('pg_catalog.pg_type'::pg_catalog.regclass, c.contypid)))
   ORDER BY 1`;

/** Checks the constraints. The server has validated all of them except those dumped as NOT VALID. */
async function inspectConstraints(client: pg.Client): Promise<DiagnosticResults> {
  const { rows } = await client.query<{ name: string; valid: boolean }>(CONSTRAINTS);
  const valid = rows.filter((row) => row.valid).length;
  return {
    problems: [],
    warnings: rows
      .filter((row) => !row.valid)
      .map(
        ({ name }) => `constraint ${name} is NOT VALID, as when it was dumped: the server has not checked it`,
      ),
    facts: valid === 0 ? [] : [counted(valid, 'constraint', 'constraints', 'valid')],
  };
}
