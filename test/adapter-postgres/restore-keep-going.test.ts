import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { RestoreInput } from '@geolens/backup-core';
import { clusters, freshDatabase, type ClusterFacts, type TestDatabase } from '../support/clusters.ts';
import { restored as testedAndRestored, restoreTestIn, restoreTestParent } from './support/restore-tests.ts';
import { backupOf, restoring } from './support/restoring.ts';

/** Objects that a restore cannot make again, and a table that has nothing to do with them. */
const OBJECTS = {
  'a foreign key that rows violate': `CREATE TABLE parent (id int PRIMARY KEY); INSERT INTO parent VALUES (1); CREATE TABLE child (parent int REFERENCES parent); INSERT INTO child VALUES (1);
    SET session_replication_role = replica; DELETE FROM parent`,
  'a generated column whose function names what is not there': `CREATE FUNCTION inner_f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE FUNCTION outer_f(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN inner_f(a); END';
    CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (outer_f(a)) STORED); INSERT INTO computed VALUES (1); DROP FUNCTION inner_f`,
  'a check that does not hold any more': `CREATE TABLE checked (a int); INSERT INTO checked VALUES (1); CREATE FUNCTION holds(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
    ALTER TABLE checked ADD CHECK (holds(a)); CREATE OR REPLACE FUNCTION holds(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT false'`,
} as const;

async function databaseWith(facts: ClusterFacts, sql: string): Promise<TestDatabase> {
  const database = await freshDatabase(facts, { content: 'empty' });
  await database.query(
    `CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other SELECT generate_series(1, 100); ${sql}`,
  );
  return database;
}

const keepGoing = (backup: RestoreInput): RestoreInput => ({ ...backup, keepGoing: true });

describe.each(clusters())('an object of $title that a restore cannot make again:', (facts) => {
  it.each(Object.entries(OBJECTS))('%s', async (_, sql) => {
    const database = await databaseWith(facts, sql);
    const backup = await backupOf(database);
    await expect(
      restoring(database, (session) => session.restoreAside(backup)),
      'without it, nothing is restored',
    ).rejects.toMatchObject({ code: 'RESTORE_FAILED', details: { reason: 'objects-not-restored' } });

    const aside = await restoring(database, async (session) => {
      const restored = await session.restoreAside(keepGoing(backup));
      await restored.swap();
      return restored;
    });
    expect(aside.incomplete).toEqual([expect.stringMatching(/^not restored: .*ERROR: /)]);
    expect(aside.rows).toContainEqual({ schema: 'public', table: 'other', rows: 100 });

    const { rows } = await restoring(database, (session) =>
      session.restoreTables(backup, { tables: ['public.other'], schemas: [] }),
    );
    expect(rows, 'a table that has nothing to do with it').toEqual([
      { schema: 'public', table: 'other', rows: 100 },
    ]);
  });

  it.each([
    [
      'a check',
      `CREATE TABLE strict (a int, CONSTRAINT small CHECK (limit_of() > a)); INSERT INTO strict VALUES (1)`,
      'SELECT 10',
      'SELECT 0',
      `All rows are loaded without the validation of check "small" of "public"."strict". Correct the rows that violate it, then: ALTER TABLE "public"."strict" VALIDATE CONSTRAINT "small"`,
      '1',
    ],
    [
      'a generated column',
      `CREATE TABLE strict (a int, b int GENERATED ALWAYS AS (a / limit_of()) STORED); INSERT INTO strict VALUES (1)`,
      'SELECT 1',
      'SELECT 0',
      `All rows are loaded without the content of column "b" of "public"."strict", which was GENERATED ALWAYS AS ((a / public.limit_of())) STORED. It can be computed: UPDATE "public"."strict" SET "b" = (a / public.limit_of())`,
      '1',
    ],
  ])('%s does not keep rows from coming back', async (_, table, before, after, listed, rows) => {
    const limit = (body: string): string =>
      `CREATE OR REPLACE FUNCTION limit_of() RETURNS int LANGUAGE sql IMMUTABLE AS '${body}';`;
    const database = await databaseWith(facts, `${limit(before)} ${table}; ${limit(after)}`);
    const backup = keepGoing(await backupOf(database));
    const aside = await restoring(database, async (session) => {
      const restored = await session.restoreAside(backup);
      await restored.swap();
      return restored;
    });
    expect(aside.incomplete).toEqual([expect.stringMatching(/^not restored: .*ERROR: /)]);
    expect(aside.incomplete.join()).toContain(listed);
    expect(await database.query('SELECT a FROM strict')).toBe(rows);
    const { incomplete } = await restoring(database, (session) => session.restoreInPlace(backup));
    expect(incomplete).toEqual([expect.stringMatching(/^not restored: .*ERROR: /)]);
    expect(incomplete.join()).toContain(listed);
    expect(await database.query('SELECT a FROM strict')).toBe(rows);
  });

  it('is listed after a restore in place where a name is not found', async () => {
    const database = await databaseWith(
      facts,
      OBJECTS['a generated column whose function names what is not there'],
    );
    const backup = keepGoing(await backupOf(database));
    const { incomplete, rows } = await restoring(database, (session) => session.restoreInPlace(backup));
    expect(incomplete.join()).toMatch(/does not exist/);
    expect(rows).toContainEqual({ schema: 'public', table: 'other', rows: 100 });
  });

  it('is listed after a restore in place, too', async () => {
    const database = await databaseWith(facts, OBJECTS['a foreign key that rows violate']);
    const backup = keepGoing(await backupOf(database));
    const { incomplete, rows } = await restoring(database, (session) => session.restoreInPlace(backup));
    expect(incomplete).toEqual([
      expect.stringMatching(
        /^not restored: .*violates foreign key constraint .*: ALTER TABLE ONLY public\.child ADD CONSTRAINT child_parent_fkey FOREIGN KEY \(parent\) REFERENCES public\.parent\(id\);$/,
      ),
    ]);
    expect(rows).toContainEqual({ schema: 'public', table: 'child', rows: 1 });
  });

  it('is made in a second attempt with the search_path of the database, with its rows', async () => {
    const database = await databaseWith(
      facts,
      `CREATE FUNCTION inner_f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE FUNCTION outer_f(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN inner_f(a); END';
       CREATE TABLE computed (a int PRIMARY KEY, b int GENERATED ALWAYS AS (outer_f(a)) STORED); INSERT INTO computed VALUES (7)`,
    );
    const backup = await backupOf(database);
    const aside = await restoring(database, async (session) => {
      const restored = await session.restoreAside(backup);
      await restored.swap();
      return restored;
    });
    expect(aside.incomplete).toEqual([]);
    expect(await database.query('SELECT a, b FROM computed')).toBe('7|7');
    expect(await database.query(`SELECT count(*) FROM pg_index WHERE indrelid = 'computed'::regclass`)).toBe(
      '1',
    );
  });

  it('is made in a second attempt where the table itself needs the search_path, in each kind of restore', async () => {
    const sql = `CREATE FUNCTION inner_f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE FUNCTION outer_f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT inner_f(a)';
       CREATE TABLE computed (a int PRIMARY KEY, b int GENERATED ALWAYS AS (outer_f(a)) STORED); INSERT INTO computed VALUES (7)`;
    const database = await databaseWith(facts, sql);
    const backup = await backupOf(database);
    const expected = [
      { schema: 'public', table: 'computed', rows: 1 },
      { schema: 'public', table: 'other', rows: 100 },
    ];
    const test = await testedAndRestored(restoreTestIn(await restoreTestParent(), database), backup);
    expect(test).toMatchObject({ problems: [], rows: expected });
    const aside = await restoring(database, async (session) => {
      const made = await session.restoreAside(backup);
      await made.swap();
      return made;
    });
    expect(aside).toMatchObject({ incomplete: [], rows: expected });
    const tables = { tables: ['public.computed'], schemas: [] };
    const table = await restoring(database, (session) => session.restoreTables(backup, tables));
    expect(table).toMatchObject({ incomplete: [], rows: expected.slice(0, 1) });
    const inPlace = await restoring(database, (session) => session.restoreInPlace(backup));
    expect(inPlace).toMatchObject({ incomplete: [], rows: expected });
    expect(await database.query('SELECT a, b FROM computed')).toBe('7|7');
  });

  // From 17 on, PostgreSQL fills a materialized view with a search_path of its own.
  it.skipIf(facts.major >= 17)(
    'is made with the search_path of the database where that is all it lacks',
    async () => {
      const database = await databaseWith(
        facts,
        `CREATE TABLE docs (body tsvector); INSERT INTO docs VALUES (to_tsvector('two words')); CREATE MATERIALIZED VIEW words AS SELECT word FROM ts_stat('SELECT body FROM docs')`,
      );
      const backup = await backupOf(database);
      const aside = await restoring(database, async (session) => {
        const restored = await session.restoreAside(backup);
        await restored.swap();
        return restored;
      });
      expect(aside.incomplete).toEqual([]);
      expect(await database.query('SELECT count(*) FROM words')).toBe('2');
    },
  );

  it.skipIf(facts.major >= 17)(
    'is not filled with a function of another role in the search_path for a superuser',
    async () => {
      const role = `r_${randomUUID().slice(0, 8)}`;
      const database = await databaseWith(
        facts,
        `CREATE ROLE ${role}; CREATE TABLE docs (body tsvector); INSERT INTO docs VALUES (to_tsvector('two words'));
       CREATE MATERIALIZED VIEW words AS SELECT word FROM ts_stat('SELECT body FROM docs');
       CREATE FUNCTION other_function() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION other_function() OWNER TO ${role}`,
      );
      onTestFinished(async () => {
        await database.query(`DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`);
      });
      const backup = keepGoing(await backupOf(database));
      const aside = await restoring(database, async (session) => {
        const restored = await session.restoreAside(backup);
        await restored.discard();
        return restored;
      });
      expect(aside.incomplete).toEqual([
        expect.stringMatching(
          /^not restored: relation "docs" does not exist .*REFRESH MATERIALIZED VIEW public\.words;$/,
        ),
      ]);
    },
  );
});
