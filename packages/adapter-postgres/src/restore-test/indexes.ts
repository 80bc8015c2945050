import type pg from 'pg';
import { counted, type DiagnosticResults } from './results.ts';

/* Those of extensions count too: what is broken is broken. */
const INDEXES = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, c.relkind = 'I' AS partitioned, i.indisvalid AND i.indisready AND i.indislive AS valid
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1`;

interface Index {
  readonly name: string;
  readonly partitioned: boolean;
  readonly valid: boolean;
}

/**
 * pg_dump leaves invalid indexes out, but for those of partitioned tables that not all partitions have: these
 * were so.
 */
export async function inspectIndexes(client: pg.Client): Promise<DiagnosticResults> {
  const { rows } = await client.query<Index>(INDEXES);
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
