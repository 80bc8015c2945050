import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { TestDatabase } from '../../support/clusters.ts';

/** A transaction that stays open. */
export interface OpenTransaction {
  /** Ends it without a trace; safe to call twice. */
  end(): Promise<void>;
}

/**
 * Does SQL in a transaction that stays open, in a session of its own: until `end`, or the end of the test.
 */
export async function openTransaction(
  { client, binDir, database }: TestDatabase,
  sql: string,
): Promise<OpenTransaction> {
  const psql = spawn(join(binDir, 'psql'), ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', database], {
    env: client.environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  psql.stdin.write(`BEGIN; ${sql}; SELECT 'done';\n`);
  const end = async (): Promise<void> => {
    if (psql.exitCode !== null || psql.signalCode !== null) return;
    const gone = once(psql, 'exit');
    psql.stdin.end('ROLLBACK;\n');
    await gone;
  };
  onTestFinished(end);
  const [said] = (await once(psql.stdout, 'data')) as [Buffer];
  expect(said.toString()).toBe('done\n');
  return { end };
}

/** Keeps a run in its first phase: its snapshot waits for this table. */
export function blockSnapshot(database: TestDatabase): Promise<OpenTransaction> {
  return openTransaction(database, 'LOCK TABLE catalog.users IN ACCESS EXCLUSIVE MODE');
}

/** Keeps a run in the middle of its dump: pg_dump waits for a sequence, which the snapshot does not. */
export async function blockDump(database: TestDatabase): Promise<OpenTransaction> {
  await database.query('CREATE SEQUENCE data.stubborn');
  return openTransaction(database, 'ALTER SEQUENCE data.stubborn RENAME TO stubborn_as_ever');
}

const OURS = `application_name = 'geolens-backup' AND datname = current_database()`;

/** How many sessions the command and its programs have in the database. */
export async function sessionsOf(database: TestDatabase): Promise<number> {
  return Number(await database.query(`SELECT count(*) FROM pg_stat_activity WHERE ${OURS}`));
}

/** Resolves once a session of the command, or of one of its programs, waits for a lock. */
export async function waitsForLock(database: TestDatabase, statement: string): Promise<void> {
  const waiting = `SELECT count(*) FROM pg_stat_activity WHERE ${OURS} AND wait_event_type = 'Lock' AND query LIKE '%${statement}%'`;
  await expect.poll(() => database.query(waiting), { timeout: 20_000, interval: 30 }).not.toBe('0');
}

/** Resolves once no session of the command is left. */
export async function sessionsAreGone(database: TestDatabase): Promise<void> {
  await expect.poll(() => sessionsOf(database), { timeout: 5000, interval: 50 }).toBe(0);
}
