import type pg from 'pg';
import type { DiagnosticResult } from '@geolens/backup-core/internal';
import { printableSql } from './connection/byte-text.ts';
import { majorOf } from './connection/queries.ts';
import { textRows } from './connection/text-rows.ts';
import { namesOf } from './connection/identifiers.ts';

/** First PostgreSQL version that records a version for databases; collations have one since 10. */
const FIRST_WITH_DATABASE_VERSION = 15;

/** OID of the collation that stands for the database's own. */
const DEFAULT_COLLATION = 100;

/** Maximum number of indexes to rebuild one by one; above it, one command rebuilds the whole database. */
const REBUILT_ONE_BY_ONE = 5;

const DATABASE = `
  SELECT ${DEFAULT_COLLATION}::pg_catalog.oid AS oid, pg_catalog.quote_ident(d.datname) AS name, d.datcollversion AS recorded, pg_catalog.pg_database_collation_actual_version(d.oid) AS actual
    FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()`;

/** Reads the actual version only for collations in use: the server fails for locales that it lacks. */
const COLLATIONS = `
  SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.collname) AS name, c.collversion AS recorded, pg_catalog.pg_collation_actual_version(c.oid) AS actual
    FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
   WHERE c.collversion IS NOT NULL AND c.oid IN (SELECT pg_catalog.unnest(indcollation::pg_catalog.oid[]) FROM pg_catalog.pg_index
         UNION SELECT pg_catalog.unnest(partcollation::pg_catalog.oid[]) FROM pg_catalog.pg_partitioned_table)
   ORDER BY 2`;

/** Sorted by size, largest first. Operator classes for patterns compare bytes. */
const DEPENDENTS = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, o.partitioned
    FROM (SELECT i.indexrelid AS oid, false AS partitioned FROM pg_catalog.pg_index i
           WHERE EXISTS (SELECT FROM ROWS FROM (pg_catalog.unnest(i.indcollation::pg_catalog.oid[]), pg_catalog.unnest(i.indclass::pg_catalog.oid[])) AS k (collation_oid, class_oid)
                           JOIN pg_catalog.pg_opclass oc ON oc.oid = k.class_oid WHERE k.collation_oid = $1 AND oc.opcname NOT LIKE '%\\_pattern\\_ops')
          UNION ALL SELECT partrelid, true FROM pg_catalog.pg_partitioned_table WHERE $1 = ANY (partcollation::pg_catalog.oid[])) o
    JOIN pg_catalog.pg_class c ON c.oid = o.oid AND c.relkind IN ('i', 'p') AND c.relpersistence <> 't' JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   ORDER BY pg_catalog.pg_relation_size(c.oid) DESC, 1`;

interface Collation {
  readonly oid: number;
  /** Quoted for SQL. */
  readonly name: string;
  readonly recorded: string | null;
  readonly actual: string | null;
}

/**
 * Returns a warning for each collation whose sort order may have changed since its indexes were built. Then
 * its recorded version differs from that of the library. Omits collations without indexes.
 */
export async function collationResults(
  client: pg.Client,
  serverVersion: string,
): Promise<readonly DiagnosticResult[]> {
  const hasDatabaseVersion = majorOf(serverVersion) >= FIRST_WITH_DATABASE_VERSION;
  const ofDatabase = hasDatabaseVersion ? await textRows<Collation>(client, DATABASE, ['name']) : [];
  const others = await textRows<Collation>(client, COLLATIONS, ['name']);
  const results: DiagnosticResult[] = [];
  for (const collation of [...ofDatabase, ...others].filter(isChanged))
    results.push(...(await resultsOf(client, collation)));
  return results;
}

function isChanged({ recorded, actual }: Collation): boolean {
  return recorded !== null && actual !== null && recorded !== actual;
}

async function resultsOf(
  client: pg.Client,
  { oid, name, recorded, actual }: Collation,
): Promise<readonly DiagnosticResult[]> {
  const isDefault = oid === DEFAULT_COLLATION;
  const dependents = await textRows<{ readonly name: string; readonly partitioned: boolean }>(
    client,
    DEPENDENTS,
    ['name'],
    [oid],
  );
  if (!isDefault && dependents.length === 0) return [];
  const named = (partitioned: boolean): readonly string[] =>
    dependents.filter((one) => one.partitioned === partitioned).map((one) => printableSql(one.name));
  const [indexes, tables] = [named(false), named(true)];
  const shown = printableSql(name);
  const refresh = isDefault
    ? `ALTER DATABASE ${shown} REFRESH COLLATION VERSION`
    : `ALTER COLLATION ${shown} REFRESH VERSION`;
  return [
    {
      subject: 'collations',
      level: 'warn',
      message: [
        `${isDefault ? `the default collation of database ${shown}` : `collation ${shown}`} has version ${actual}, and its indexes were made with version ${recorded}`,
        ...(indexes.length === 0
          ? []
          : [`queries may miss rows through ${counted(indexes, 'index', 'indexes')}: ${namesOf(indexes)}`]),
        ...(tables.length === 0
          ? []
          : [
              `rows may be in the wrong partition of ${counted(tables, 'table', 'tables')}: ${namesOf(tables)}`,
            ]),
      ].join('; '),
      hint: [
        ...(tables.length === 0 ? [] : ['Move rows that are in the wrong partition']),
        ...(indexes.length === 0 ? [] : [`Run ${await rebuild(client, indexes)}`]),
        `Then run ${refresh}`,
      ].join('. '),
    },
  ];
}

async function rebuild(client: pg.Client, indexes: readonly string[]): Promise<string> {
  if (indexes.length <= REBUILT_ONE_BY_ONE)
    return indexes.map((index) => `REINDEX INDEX ${index}`).join('; ');
  const [row] = await textRows<{ name: string }>(
    client,
    'SELECT pg_catalog.quote_ident(pg_catalog.current_database()) AS name',
    ['name'],
  );
  return `REINDEX DATABASE ${printableSql(row?.name ?? '')}`;
}

function counted(names: readonly string[], one: string, many: string): string {
  return `${names.length} ${names.length === 1 ? one : many}`;
}
