import { describe, expect, it } from 'vitest';
import { clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { RIGHTS } from '../support/rights.ts';
import { backupOf, restoring } from './support/restoring.ts';

const ONE = { tables: ['public.t'], schemas: [] };
const WITH_DEPENDENTS = { ...ONE, withDependents: true };

/** The table t, two tables that refer to it, what else depends on t, and a view that does not. */
const CONTENT = `
  CREATE TABLE t (id serial PRIMARY KEY, n int); INSERT INTO t (n) VALUES (1), (2), (2); GRANT SELECT ON t TO geolens_readonly;
  CREATE TABLE one (id int DEFAULT nextval('t_id_seq'), t_id int CONSTRAINT one_t REFERENCES t ON DELETE CASCADE); INSERT INTO one VALUES (1, 1), (2, 2);
  CREATE TABLE "Two" (t_id int); INSERT INTO "Two" VALUES (3); ALTER TABLE "Two" ADD CONSTRAINT "two t" FOREIGN KEY (t_id) REFERENCES t NOT VALID;
  COMMENT ON CONSTRAINT one_t ON one IS 'key'; CREATE POLICY known ON "Two" USING (t_id IN (SELECT id FROM t));
  CREATE FUNCTION f(t) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT $1.n'; REVOKE ALL ON FUNCTION f(t) FROM PUBLIC; ALTER FUNCTION f(t) OWNER TO geolens_readonly;
  CREATE FUNCTION has(i int) RETURNS bool LANGUAGE sql BEGIN ATOMIC SELECT EXISTS (SELECT FROM t WHERE id = i); END; ALTER TABLE one ADD CONSTRAINT ok CHECK (has(t_id));
  CREATE VIEW v AS SELECT id, n FROM t; ALTER VIEW v OWNER TO geolens_readonly; GRANT SELECT (n) ON v TO geolens_reader; COMMENT ON COLUMN v.n IS 'number';
  CREATE VIEW "Over v" AS SELECT v.*, f(t) FROM v JOIN t USING (id, n); GRANT SELECT ON "Over v" TO PUBLIC;
  CREATE MATERIALIZED VIEW m AS SELECT n, pg_catalog.count(*) AS c FROM v GROUP BY n; CREATE UNIQUE INDEX m_n ON m (n); ALTER MATERIALIZED VIEW m OWNER TO geolens_readonly; GRANT SELECT ON m TO geolens_reader;
  CREATE MATERIALIZED VIEW never AS SELECT n FROM m WITH NO DATA; CREATE PUBLICATION pub FOR TABLE t;
  CREATE VIEW unrelated AS SELECT 1 AS one; CREATE TABLE other (id int PRIMARY KEY); CREATE TABLE of_other (id int REFERENCES other);
  ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO pg_monitor; ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO pg_monitor`;

const LOST = [
  'default value for public.one.id',
  'function public.f(public.t)',
  'function public.has(integer)',
  'index public.m_n',
  'materialized view public.m',
  'materialized view public.never',
  'policy known on public."Two"',
  'publication relation public.t in publication pub',
  'table constraint "two t" on public."Two"',
  'table constraint ok on public.one',
  'table constraint one_t on public.one',
  'view public."Over v"',
  'view public.v',
];

const ROWS = 'SELECT ctid, xmin, one FROM one ORDER BY 1; SELECT ctid, xmin, t FROM "Two" t ORDER BY 1';

async function databaseWith(facts: Parameters<typeof freshDatabase>[0], sql: string): Promise<TestDatabase> {
  const database = await freshDatabase(facts, { content: 'empty' });
  await database.query(sql);
  return database;
}

async function schemaOf(database: TestDatabase): Promise<string> {
  return `${await database.client.run('pg_dump', ['--schema-only', '--restrict-key=x', '-d', database.database])}${await database.query(RIGHTS)}`;
}

const namesIn = (incomplete: readonly string[]): readonly string[] =>
  incomplete
    .map((sentence) => sentence.replace(/ depends on the restored tables and is missing.*/, ''))
    .sort();

describe.each(clusters())('objects of $title that depend on a table and went with it', (facts) => {
  it('are listed by name, and other missing objects are not', async () => {
    const database = await databaseWith(facts, CONTENT);
    const backup = await backupOf(database);
    await database.query(
      'SET client_min_messages = error; DROP TABLE t CASCADE; DROP VIEW unrelated; ALTER TABLE of_other DROP CONSTRAINT of_other_id_fkey',
    );
    const rows = await database.query(ROWS);
    const { incomplete, restorableDependents } = await restoring(database, (session) =>
      session.restoreTables(backup, ONE),
    );
    expect(namesIn(incomplete)).toEqual(LOST);
    expect(restorableDependents).toBe(LOST.length);
    expect(await database.query(ROWS)).toBe(rows);
    expect(await database.query(`SELECT to_regclass('v'), count(*) FROM t`)).toBe('|3');
  });

  it('come back on request with owners, privileges, comments and content; rows of other tables stay as they are', async () => {
    const database = await databaseWith(facts, CONTENT);
    const backup = await backupOf(database);
    const before = await schemaOf(database);
    await database.query('SET client_min_messages = error; DROP TABLE t CASCADE');
    const rows = await database.query(ROWS);
    const { incomplete, notes, restorableDependents } = await restoring(database, (session) =>
      session.restoreTables(backup, WITH_DEPENDENTS),
    );
    expect({ incomplete, restorableDependents }).toEqual({ incomplete: [], restorableDependents: 0 });
    expect(notes).toContainEqual(expect.stringMatching(/^restored with the tables.*view public\.v/));
    expect(await schemaOf(database)).toBe(before);
    expect(await database.query(ROWS)).toBe(rows);
    expect(
      await database.query(
        `SELECT n, c FROM m ORDER BY n; SELECT relispopulated FROM pg_class WHERE relname = 'never'; SELECT convalidated FROM pg_constraint WHERE conname = 'two t'`,
      ),
    ).toBe('1|1\n2|2\nf\nf');
  });

  it('come back over views that exist and are replaced with the table', async () => {
    const database = await databaseWith(facts, CONTENT);
    const backup = await backupOf(database);
    const before = await schemaOf(database);
    await database.query(
      'DROP VIEW "Over v"; DROP MATERIALIZED VIEW m CASCADE; ALTER TABLE one DROP CONSTRAINT one_t',
    );
    const { incomplete } = await restoring(database, (session) =>
      session.restoreTables(backup, WITH_DEPENDENTS),
    );
    expect(incomplete).toEqual([]);
    expect(await schemaOf(database)).toBe(before);
  });

  it('are not listed where nothing was lost', async () => {
    const database = await databaseWith(facts, CONTENT);
    const backup = await backupOf(database);
    const before = await schemaOf(database);
    for (const selection of [ONE, WITH_DEPENDENTS]) {
      const { incomplete, restorableDependents } = await restoring(database, (session) =>
        session.restoreTables(backup, selection),
      );
      expect({ incomplete, restorableDependents }).toEqual({ incomplete: [], restorableDependents: 0 });
    }
    expect(await schemaOf(database)).toBe(before);
  });

  it('stay missing where they need something else that is missing, or their name is taken; the others come back', async () => {
    const database = await databaseWith(
      facts,
      `CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int REFERENCES t, c t, plain int); CREATE INDEX u_plain ON u (plain); CREATE TABLE w (id int, x int);
      CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW kept AS SELECT id FROM t; CREATE VIEW over_g AS SELECT id, g() AS g FROM t; CREATE VIEW over_over AS SELECT * FROM over_g;
      CREATE VIEW over_x AS SELECT x FROM w JOIN t USING (id); CREATE VIEW taken AS SELECT id FROM t; CREATE VIEW of_column AS SELECT (c).id FROM u; CREATE TABLE gone (id int REFERENCES t)`,
    );
    const backup = await backupOf(database);
    await database.query(
      'SET client_min_messages = error; DROP TABLE t, gone CASCADE; DROP FUNCTION g(); ALTER TABLE w DROP COLUMN x; CREATE TABLE taken (mine int); DROP INDEX u_plain',
    );
    const { incomplete, restorableDependents } = await restoring(database, (session) =>
      session.restoreTables(backup, WITH_DEPENDENTS),
    );
    const missing = (name: string, why: string): string =>
      `${name} depends on the restored tables and is missing; it cannot be restored with them: ${why}`;
    expect([...incomplete].sort()).toEqual([
      missing('table column public.u.c', 'tables and their columns are not restored as dependents'),
      missing('table constraint gone_id_fkey on public.gone', 'it needs table public.gone, which is missing'),
      missing('view public.of_column', 'it needs table column public.u.c, which is missing'),
      missing('view public.over_g', 'it needs function public.g(), which is missing'),
      missing('view public.over_over', 'it needs view public.over_g, which is missing'),
      missing('view public.over_x', 'it needs table column public.w.x, which is missing'),
      missing('view public.taken', 'another object has its name'),
    ]);
    expect(restorableDependents).toBe(0);
    expect(
      await database.query(
        `SELECT count(*) FROM kept; SELECT count(*) FROM pg_constraint WHERE conname = 'u_id_fkey'; SELECT count(*) FROM pg_attribute WHERE attrelid = 'taken'::regclass AND attname = 'mine'`,
      ),
    ).toBe('0\n1\n1');
  });

  it('fail the restore as a whole where rows do not fit a foreign key', async () => {
    const database = await databaseWith(
      facts,
      'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE u (id int REFERENCES t); INSERT INTO u VALUES (1)',
    );
    const backup = await backupOf(database);
    await database.query('DROP TABLE t CASCADE; INSERT INTO u VALUES (2)');
    await expect(
      restoring(database, (session) => session.restoreTables(backup, WITH_DEPENDENTS)),
    ).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringContaining('u_id_fkey') as string,
    });
    expect(await database.query(`SELECT to_regclass('t'); SELECT count(*) FROM u`)).toBe('\n2');
  });
});
