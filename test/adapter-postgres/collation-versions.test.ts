import { describe, expect, it, onTestFinished } from 'vitest';
import { PgDiagnosticCheck } from '@geolens/backup-adapter-postgres';
import type { DiagnosticResult } from '@geolens/backup-core/internal';
import { clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { env, never } from './support/producers.ts';

async function collationsOf(database: TestDatabase): Promise<readonly DiagnosticResult[]> {
  const { host, port, user, binDir, database: name } = database;
  const connection = { host, port, user, database: name };
  const check = new PgDiagnosticCheck({ connection, rolePasswords: false, binDir, env });
  const results = await check.inspect({ signal: never });
  expect(results.filter(({ level }) => level === 'fail')).toEqual([]);
  return results.filter(({ subject }) => subject === 'collations');
}

describe.each(clusters())('a collation of $title that sorts otherwise than before', (facts) => {
  it('is a warning with its indexes, partition keys and both versions', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(`
      CREATE COLLATION "my\n""coll" (provider = icu, locale = 'de');
      CREATE COLLATION unused (provider = icu, locale = 'fr');
      CREATE TABLE t (id int PRIMARY KEY, a text COLLATE "my\n""coll", b text COLLATE "C");
      CREATE INDEX "A i" ON t (a); CREATE INDEX e ON t (lower(a)); CREATE INDEX b ON t (b); CREATE INDEX pattern ON t (a text_pattern_ops);
      CREATE TABLE parts (k text COLLATE "my\n""coll") PARTITION BY RANGE (k)`);
    expect(await collationsOf(database)).toEqual([]);
    await database.query(
      `UPDATE pg_collation SET collversion = '1.2.3' WHERE collname IN ('unused', E'my\n"coll')`,
    );
    expect(await collationsOf(database)).toEqual([
      {
        subject: 'collations',
        level: 'warn',
        message: expect.stringMatching(
          /^collation public\.U&"my\\000a""coll" has version \d\S+, and its indexes were made with version 1\.2\.3; queries may miss rows through 2 indexes: public\."A i", public\.e; rows may be in the wrong partition of 1 table: public\.parts$/,
        ) as string,
        hint: 'Move rows that are in the wrong partition. Run REINDEX INDEX public."A i"; REINDEX INDEX public.e. Then run ALTER COLLATION public.U&"my\\000a""coll" REFRESH VERSION',
      },
    ]);
  });

  it('is a warning with the number of indexes if it is the default of the database, until it is refreshed', async () => {
    const { client, database: template } = await freshDatabase(facts, { content: 'empty' });
    const name = `${template}_icu`;
    onTestFinished(async () => {
      await client.psql('postgres', `DROP DATABASE IF EXISTS "${name}"`);
    });
    await client.psql(
      'postgres',
      `CREATE DATABASE "${name}" TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C.UTF-8' ENCODING 'UTF8'`,
    );
    const query = (sql: string): Promise<string> => client.psql(name, sql);
    const database: TestDatabase = { ...facts, client, query, database: name, url: '' };
    await query(`CREATE TABLE t (a text, n int); CREATE INDEX n ON t (n);
      DO $$ BEGIN FOR i IN 1..7 LOOP EXECUTE format('CREATE INDEX i%s ON t (a)', i); END LOOP; END $$`);
    expect(await collationsOf(database)).toEqual([]);
    await client.psql('postgres', `UPDATE pg_database SET datcollversion = '0' WHERE datname = '${name}'`);
    const [warning, ...more] = await collationsOf(database);
    expect(more).toEqual([]);
    expect(warning?.message).toMatch(
      new RegExp(
        `^the default collation of database ${name} has version \\S+, and its indexes were made with version 0; queries may miss rows through 7 indexes: public.i1, public.i2, public.i3, public.i4, public.i5 and 2 more$`,
      ),
    );
    const commands = /^Run (REINDEX DATABASE .*)\. Then run (ALTER DATABASE .*)$/.exec(warning?.hint ?? '');
    for (const command of commands?.slice(1) ?? []) await query(command);
    expect(await collationsOf(database)).toEqual([]);
  });
});
