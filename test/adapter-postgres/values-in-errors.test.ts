import { describe, expect, it } from 'vitest';
import { isBackupError } from '@geolens/backup-core';
import { withLocalReport } from '../../packages/adapter-postgres/src/connection/local-report.ts';
import { linesWithoutValues } from '../../packages/adapter-postgres/src/connection/program-messages.ts';
import { withClient } from '../../packages/adapter-postgres/src/connection/session.ts';
import { execute } from '../../packages/adapter-postgres/src/restore/execute.ts';
import { runSql } from '../../packages/adapter-postgres/src/restore/psql.ts';
import { programFed } from '@geolens/backup-system';
import { clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { FAILING, FAILING_ROWS, OBJECTS, VALUE } from './support/failing-statements.ts';
import { session } from './support/sessions.ts';
import { env, never } from './support/producers.ts';

/** Runs the work, which has to fail; returns the error and what stays on this machine. */
async function failureOf(work: () => Promise<unknown>): Promise<{ error: Error; report: string }> {
  const texts: string[] = [];
  try {
    await withLocalReport((text) => texts.push(text), work);
  } catch (error) {
    return { error: error as Error, report: texts.join('\n') };
  }
  throw new Error('it did not fail');
}

async function* contentOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

/** The fields of the server, and its message. */
function fieldsOf(error: Error): object {
  return Object.assign({}, error, { message: error.message });
}

/** Every text of an error and of its causes. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return [error.message, error.stack, JSON.stringify(error), textOf(error.cause)].join('\n');
}

describe.each(clusters())('no value of $title is in an error', (facts) => {
  const psqlOf = (database: TestDatabase) => ({
    psql: `${facts.binDir}/psql`,
    env: {
      ...env,
      LC_ALL: 'C',
      PGHOST: facts.host,
      PGPORT: String(facts.port),
      PGUSER: facts.user,
      PGDATABASE: database.database,
    },
    signal: never,
  });

  it('of a session', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(OBJECTS);
    const plain = await session(database);
    for (const [state, names, statement] of FAILING) {
      const raw = JSON.stringify(await plain.query(statement).catch(fieldsOf));
      const { error, report } = await failureOf(() =>
        withClient(database, never, async (client) => {
          await client.query('SET search_path = public');
          await client.query(statement);
        }),
      );
      expect.soft(textOf(error), statement).not.toContain(VALUE);
      expect.soft(error, statement).toMatchObject({ code: state });
      expect.soft(error.message, statement).toContain(names);
      expect.soft(error.message, statement).toContain(state);
      if (raw.includes(VALUE)) expect.soft(report, statement).toContain(VALUE);
    }
  });

  it('of psql, or in the words of pg_restore, which print no SQLSTATE', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(OBJECTS);
    const psql = psqlOf(database);
    const sqlOf = (rows: string): string => {
      const [table, line] = rows.split('|');
      return `COPY ${table!} FROM stdin;\n${line!}\n\\.\n`;
    };
    const all = [
      ...FAILING,
      ...FAILING_ROWS.map(([state, names, rows]) => [state, names, sqlOf(rows)] as const),
    ];
    for (const [state, names, statement] of all) {
      const sql = `${statement};\n`;
      const { error, report } = await failureOf(() => runSql(sql, 'work', psql));
      expect.soft(isBackupError(error, 'RESTORE_FAILED'), statement).toBe(true);
      expect.soft(textOf(error), statement).not.toContain(VALUE);
      expect.soft(error.message, statement).toContain(names);
      expect.soft(error.message, statement).toContain(state);

      const { stderr } = await programFed(psql.psql, ['-X', '-q', '-f', '-'], contentOf(sql), psql);
      if (stderr.includes(VALUE)) expect.soft(report, statement).toContain(VALUE);
      const asPgRestore = stderr.replace(
        /^psql:<stdin>:\d+: /,
        'pg_restore: error: could not execute query: ',
      );
      const short = linesWithoutValues(`${asPgRestore}\nCommand was: ${statement}\npg_restore: ${VALUE}`);
      expect.soft(short, statement).not.toContain(VALUE);
      expect.soft(short, statement).toMatch(/^pg_restore: error: could not execute query: ERROR: {2}/);
      if (!['42P01', '42703', '22023', '2201B', 'P0001', 'P0004'].includes(state))
        expect.soft(short, statement).toContain(names);
    }
  });

  it('of a notice', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    const said = await withClient(database, never, (client) =>
      execute(client, [
        `DO $$ BEGIN PERFORM 1; END $$`,
        'CREATE SCHEMA s',
        `CREATE FUNCTION s.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'about ${VALUE}'; END $$`,
        'SELECT s.f()',
      ]),
    );
    expect(said).toEqual([
      { level: 'WARNING', state: '01000', message: expect.stringContaining('s.f()') as string },
    ]);
    expect(said[0]!.message).not.toContain(VALUE);
  });
});
