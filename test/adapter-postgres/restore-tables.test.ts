import { describe, expect, it, onTestFinished } from 'vitest';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

const ONE = { tables: ['public.t'], schemas: [] };

describe.each(clusters())('a single table of $title', (facts) => {
  it('leaves defaults and checks of other tables and of domains that hang on it', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(`CREATE TABLE t (id serial PRIMARY KEY); INSERT INTO t DEFAULT VALUES;
      CREATE FUNCTION known(i int) RETURNS bool LANGUAGE sql BEGIN ATOMIC SELECT EXISTS (SELECT FROM t WHERE id = i); END;
      CREATE TABLE u (id int DEFAULT nextval('t_id_seq'), "The t" int CONSTRAINT "C k" CHECK (known("The t")), ok bool DEFAULT known(1));
      COMMENT ON CONSTRAINT "C k" ON u IS 'kept'; CREATE TABLE heir () INHERITS (u);
      CREATE DOMAIN d AS int CHECK (known(VALUE)); COMMENT ON CONSTRAINT d_check ON DOMAIN d IS 'kept too';`);
    const parts = `SELECT adrelid::regclass::text, adnum, pg_get_expr(adbin, adrelid) FROM pg_attrdef UNION ALL
      SELECT conrelid::regclass::text, contypid::int * 0, conname || pg_get_constraintdef(oid) || coalesce(obj_description(oid, 'pg_constraint'), '') FROM pg_constraint WHERE contype = 'c' ORDER BY 1, 2, 3`;
    const before = await database.query(parts);
    const backup = await backupOf(database);
    await restoring(database, (session) => session.restoreTables(backup, ONE));
    expect(await database.query(parts)).toEqual(before);
  });

  it('is refused when a column of another table would be lost', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(
      'CREATE TABLE t (id int); CREATE TABLE u (id int, c t); INSERT INTO u VALUES (1, row(2))',
    );
    const backup = await backupOf(database);
    await expect(restoring(database, (session) => session.restoreTables(backup, ONE))).rejects.toMatchObject({
      code: 'RESTORE_REFUSED',
      message: expect.stringContaining('public.u') as string,
    });
    expect(await database.query('SELECT c FROM u')).toBe('(2)');
  });

  it('gives nobody back the right to call a function that was made again', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(`CREATE TABLE t (id int); CREATE FUNCTION secret() RETURNS SETOF t LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM t'; REVOKE ALL ON FUNCTION secret() FROM PUBLIC;
      CREATE FUNCTION open() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t'; ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM PUBLIC; ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO pg_monitor`);
    const backup = await backupOf(database);
    await restoring(database, (session) => session.restoreTables(backup, ONE));
    expect(
      await database.query(
        `SELECT f, r, has_function_privilege(r, f, 'EXECUTE') FROM unnest(ARRAY['secret()', 'open()']) f, unnest(ARRAY['public', 'pg_monitor']) r`,
      ),
    ).toBe('secret()|public|f\nsecret()|pg_monitor|f\nopen()|public|t\nopen()|pg_monitor|t');
  });

  it('leaves nothing behind where the dump has a subscription', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query('CREATE TABLE t (id int)');
    const sub = `s_${database.database}`;
    onTestFinished(async () => {
      await database.query(`ALTER SUBSCRIPTION ${sub} SET (slot_name = NONE); DROP SUBSCRIPTION ${sub}`);
    });
    await database.query(
      `CREATE SUBSCRIPTION ${sub} CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)`,
    );
    const backup = await backupOf(database);
    await restoring(database, (session) => session.restoreTables(backup, ONE));
    expect(
      await database.query(`SELECT datname FROM pg_database WHERE datname LIKE '${database.database}%'`),
    ).toBe(database.database);
  });

  it('may have partitions on other servers, and others may be in its schema; these need not be there', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(`CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (x int) SERVER s;
      CREATE TABLE t (id int) PARTITION BY LIST (id); CREATE TABLE t1 PARTITION OF t FOR VALUES IN (1); INSERT INTO t VALUES (1); CREATE FOREIGN TABLE t2 PARTITION OF t FOR VALUES IN (2) SERVER s`);
    const backup = await backupOf(database);
    await database.query('DELETE FROM t1');
    const { rows, notes } = await restoring(database, (session) =>
      session.restoreTables(backup, { tables: [], schemas: ['public'] }),
    );
    expect(rows).toEqual([{ schema: 'public', table: 't1', rows: 1 }]);
    expect(notes).toEqual([
      expect.stringMatching(/^the statistics for the planner are not complete .*"w" has no handler/),
    ]);
    expect(
      await database.query(
        `SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 't'::regclass ORDER BY 1`,
      ),
    ).toBe('t1\nt2');
  });

  it('of a dump without grants has its own comments, and the rights of now, as far as they fit', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(`CREATE TABLE t (id int); COMMENT ON TABLE t IS 'then'`);
    const backup = { ...(await backupOf(database)), globals: undefined };
    await database.query(
      `ALTER TABLE t ADD newer int; COMMENT ON COLUMN t.newer IS 'x'; COMMENT ON TABLE t IS 'now'; CREATE STATISTICS st ON id, newer FROM t; GRANT SELECT (newer), UPDATE (id) ON t TO pg_monitor`,
    );
    await restoring(database, (session) => session.restoreTables(backup, ONE));
    expect(
      await database.query(
        `SELECT obj_description('t'::regclass), has_column_privilege('pg_monitor', 't', 'id', 'UPDATE'), has_table_privilege('pg_monitor', 't', 'SELECT')`,
      ),
    ).toBe('then|t|f');
  });
});
