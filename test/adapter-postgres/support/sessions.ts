import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import type { TestDatabase } from '../../support/clusters.ts';

/** A session of its own in the database, closed when the test is finished. */
export async function session({
  host,
  port,
  user,
  database,
}: Pick<TestDatabase, 'host' | 'port' | 'user' | 'database'>): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user, database });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  return client;
}

/** Resolves when the query answers `t`; for what no event tells. */
export async function until(client: pg.Client, condition: string, milliseconds = 20_000): Promise<void> {
  const giveUpAt = Date.now() + milliseconds;
  for (;;) {
    const { rows } = await client.query<{ holds: boolean }>(`SELECT (${condition}) AS holds`);
    if (rows[0]!.holds) return;
    if (Date.now() > giveUpAt) throw new Error(`not within ${milliseconds} ms: ${condition}`);
    await pause(20);
  }
}

/** Sessions of ours and of the programs that we start, in this database. */
export const OURS = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name <> '' AND pid <> pg_backend_pid()`;
