import type pg from 'pg';
import type { SessionParts } from './session-parts.ts';

/**
 * Everything that a plain ANALYZE takes, what takes longest first: at the end no session works alone for
 * long.
 */
const TABLES = `
  SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS quoted
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND n.nspname || '.' || c.relname <> ALL ($1)
   ORDER BY c.relkind = 'p' DESC, pg_catalog.pg_relation_size(c.oid) DESC, 1`;

/**
 * Gathers the statistics for the planner, which a dump does not bring, of a whole database in several
 * sessions at once. A table whose index has a function that names no schemas is tried again with the
 * search_path of the database; the function runs as the table's owner.
 * @param exposed tables and views of superusers that lead to code of other roles; that code would run as
 * them, so they are left out
 * @returns what was in the way
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
  const failures = await Promise.all(
    Array.from({ length: Math.min(sessions, rows.length) }, () =>
      inSession(async (client) => {
        const failed: Error[] = [];
        for (const { quoted } of queue) {
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

/** Likewise of these tables, in the session that is given. */
export async function gatherStatisticsOf(
  tables: readonly string[],
  client: pg.Client,
): Promise<readonly string[]> {
  return tables.length === 0 ? [] : noteOf(await analyze(client, tables.join(', ')));
}

/**
 * Statistics make queries quick, not right: what stands in their way fails nothing. Partitions on other
 * servers do, when these are away.
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
