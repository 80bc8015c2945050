import type pg from 'pg';
import { tableProgress } from './report-progress.ts';
import type { SessionParts } from './session-parts.ts';

/** Tables of a plain ANALYZE, the slowest first, so that no session runs long at the end. */
const TABLES = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND n.nspname || '.' || c.relname <> ALL ($1)
   ORDER BY c.relkind = 'p' DESC, pg_catalog.pg_relation_size(c.oid) DESC, 1`;

/**
 * Gathers planner statistics, which a dump lacks, for a whole database in several sessions. Retries a table
 * with the database's search_path if a function of its index names no schemas; the function runs as the
 * table's owner.
 * @param exposed tables and views of superusers that lead to code of other roles. They are omitted, because
 * that code would run as the superusers
 * @returns the failures
 */
export async function gatherStatistics(
  { server, sessions, observer }: SessionParts,
  database: string,
  searchPath: string,
  exposed: readonly string[],
): Promise<readonly string[]> {
  observer?.({ event: 'step', step: 'analyze' });
  const inSession = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
    server.within(database, 'gathering statistics', work);
  const { rows } = await inSession((client) => client.query<{ quoted: string }>(TABLES, [exposed]));
  const queue = rows.values();
  const onTable = tableProgress(observer, 'analyze', rows.length);
  const failures = await Promise.all(
    Array.from({ length: Math.min(sessions, rows.length) }, () =>
      inSession(async (client) => {
        const failed: Error[] = [];
        for (const { quoted } of queue) {
          onTable();
          if ((await analyze(client, quoted)).length === 0) continue;
          await client.query(`SELECT pg_catalog.set_config('search_path', $1, false)`, [searchPath]);
          failed.push(...(await analyze(client, quoted)));
          await client.query(`SELECT pg_catalog.set_config('search_path', '', false)`);
        }
        return failed;
      }),
    ),
  );
  return noteOf(failures.flat());
}

/** Gathers statistics of some tables in the given session. */
export async function gatherStatisticsOf(
  tables: readonly string[],
  client: pg.Client,
): Promise<readonly string[]> {
  return tables.length === 0 ? [] : noteOf(await analyze(client, tables.join(', ')));
}

/**
 * Runs ANALYZE and returns its errors. Missing statistics slow queries but break none, so no error fails the
 * restore. For example, partitions on other servers fail if these are down.
 */
async function analyze(client: pg.Client, tables: string): Promise<readonly Error[]> {
  try {
    await client.query(`ANALYZE ${tables}`);
    return [];
  } catch (error) {
    return [error as Error];
  }
}

function noteOf([first, ...more]: readonly Error[]): readonly string[] {
  if (first === undefined) return [];
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  return [
    `the statistics for the planner are not complete (${first.message}${others}): run ANALYZE when that is repaired`,
  ];
}
