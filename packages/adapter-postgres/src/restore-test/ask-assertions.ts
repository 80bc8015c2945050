import type pg from 'pg';
import { isBackupError, throwIfAborted } from '@geolens/backup-core';
import { countText } from '@geolens/backup-core/internal';
import { asReaderOf } from './query-rights.ts';
import type { Assertion, AssertionsFile } from './read-assertions.ts';
import type { RestoredDatabase } from './restricted-role.ts';

/** The queries of a file. */
export interface Assertions extends AssertionsFile {
  readonly queries: readonly Assertion[];
}

export interface AskedAssertions {
  /** Number of assertions that hold. */
  readonly held: number;
  /** One sentence for each assertion that returns rows. */
  readonly problems: readonly string[];
  /** One sentence for each assertion that the server could not answer. */
  readonly unanswered: readonly string[];
}

const DAY_MS = 86_400_000;

/** Milliseconds that a cancelled query may continue: a function can ignore the cancel request. */
const GRACE_MS = 5000;

/**
 * Runs each query as its own role, which may read what the query names, in a read-only transaction. The
 * server counts the rows, so no value of a row leaves the server.
 * @throws BackupError if the connection to the temporary server fails
 */
export async function askAssertions(
  database: RestoredDatabase,
  { queries, label, ...limits }: Assertions,
): Promise<AskedAssertions> {
  const timeout = Math.min(limits.timeout ?? DAY_MS, DAY_MS);
  const problems: string[] = [];
  const unanswered: string[] = [];
  for (const { name, sql } of queries) {
    const late = AbortSignal.timeout(timeout + GRACE_MS);
    const limited = { ...database, signal: AbortSignal.any([database.signal, late]), timeout };
    try {
      const rows = await asReaderOf(limited, sql, (client) => countRows(client, sql));
      if (rows > 0) problems.push(`${label}: ${name} returned ${countText(rows, 'row')}, none were expected`);
    } catch (error) {
      throwIfAborted(database.signal);
      if (isBackupError(error) && !late.aborted) throw error;
      const why = late.aborted ? `no answer within ${timeout / 1000} s` : (error as Error).message;
      unanswered.push(
        `${label}: ${name} could not be evaluated: ${why}. It has to be one SELECT that names what it reads`,
      );
    }
  }
  return { held: queries.length - problems.length - unanswered.length, problems, unanswered };
}

/** Counts the rows of a query. A cursor accepts only a query, and the server sends none of its rows. */
async function countRows(client: pg.Client, query: string): Promise<number> {
  await client.query(`SELECT pg_catalog.set_config('cursor_tuple_fraction', '1', true)`);
  // In the extended protocol, the server accepts only a single statement.
  const text = `DECLARE inspected NO SCROLL CURSOR FOR\n${query}`;
  await client.query({ text, values: [], queryMode: 'extended' } as pg.QueryConfig);
  const { rowCount } = await client.query('MOVE FORWARD ALL IN inspected');
  return rowCount ?? 0;
}
