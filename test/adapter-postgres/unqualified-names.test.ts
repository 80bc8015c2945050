import { describe, expect, it, onTestFinished } from 'vitest';
import { clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { restoreTestIn, restoreTestParent, restored } from './support/restore-tests.ts';
import { everything, producerFor, within } from './support/producers.ts';
import { backupOf, restoring } from './support/restoring.ts';

/** Functions that name types and functions without a schema, in indexes. */
const UNQUALIFIED = `
  CREATE EXTENSION cube; CREATE EXTENSION earthdistance;
  CREATE TABLE places (id int PRIMARY KEY, lat float8, lon float8);
  INSERT INTO places SELECT i, i % 90, i % 180 FROM generate_series(1, 500) i;
  CREATE FUNCTION half(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
  CREATE FUNCTION quarter(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT half(half($1))';
  CREATE TABLE numbers (n int);
  INSERT INTO numbers SELECT generate_series(1, 300);
  CREATE INDEX by_quarter ON numbers (quarter(n)); COMMENT ON INDEX by_quarter IS 'its function names no schema';`;

const EARTH = 'CREATE INDEX by_place ON places USING gist (ll_to_earth(lat, lon))';

/**
 * From 17 on, the server itself evaluates indexes with an empty search_path: such an index cannot be made
 * there.
 */
const LAST_TO_ALLOW_IT = 16;

describe.each(clusters().filter(({ major }) => major <= LAST_TO_ALLOW_IT))(
  'functions that name no schemas, on $title,',
  (facts) => {
    const databaseWith = async (sql: string): Promise<TestDatabase> => {
      const database = await freshDatabase(facts, { content: 'empty' });
      await database.query(sql);
      return database;
    };

    it('do not keep a run from counting, nor a restore from bringing everything back', async () => {
      const database = await databaseWith(`${UNQUALIFIED} ${EARTH};`);
      const { counts } = await within(producerFor(database), everything);
      expect(counts).toEqual([
        { schema: 'public', table: 'numbers', rows: 300 },
        { schema: 'public', table: 'places', rows: 500 },
      ]);
      const backup = await backupOf(database);
      const before = await database.client.run('pg_dump', [
        '--schema-only',
        '--restrict-key=x',
        '-d',
        database.database,
      ]);
      await restoring(database, async (session) => {
        const aside = await session.restoreAside(backup);
        const { rows, notes, incomplete } = aside;
        expect(rows).toEqual(counts);
        expect(incomplete).toEqual([]);
        expect(notes.join('\n')).toMatch(
          /made with the search_path of the database \("\$user", public\).*INDEX public by_quarter/,
        );
        expect(notes.join('\n')).not.toContain('statistics for the planner are not complete');
        const { previous } = await aside.swap();
        await session.finishSwap(previous, { drop: true });
      });
      expect(
        await database.client.run('pg_dump', ['--schema-only', '--restrict-key=x', '-d', database.database]),
      ).toEqual(before);
    });

    it('are restored in a restore test, and one table alone', async () => {
      const database = await databaseWith(`${UNQUALIFIED} ${EARTH};`);
      const backup = await backupOf(database);
      const parent = await restoreTestParent();
      const { rows, problems } = await restored(restoreTestIn(parent, database), backup);
      expect({ problems, rows: rows.length }).toEqual({ problems: [], rows: 2 });
      await database.query('TRUNCATE places, numbers');
      await restoring(database, (session) =>
        session.restoreTables(backup, { tables: ['public.places', 'public.numbers'], schemas: [] }),
      );
      expect(
        await database.query(
          "SELECT (SELECT count(*) FROM places), (SELECT count(*) FROM numbers), (SELECT count(*) FROM pg_indexes WHERE indexname IN ('by_place', 'by_quarter'))",
        ),
      ).toBe('500|300|2');
    });

    it('that rows need while they are loaded are found in a second attempt', async () => {
      const database = await databaseWith(
        `${UNQUALIFIED} CREATE TABLE checked (n int CHECK (quarter(n) >= 0)); INSERT INTO checked VALUES (8)`,
      );
      const backup = await backupOf(database);
      await restoring(database, async (session) => {
        const aside = await session.restoreAside(backup);
        expect(aside.rows).toContainEqual({ schema: 'public', table: 'checked', rows: 1 });
        expect(aside.incomplete).toEqual([]);
        await aside.discard();
      });
    });

    it('are not looked for among the functions of other roles for a table of a superuser', async () => {
      const database = await databaseWith(
        `${UNQUALIFIED} CREATE ROLE other_names; ALTER FUNCTION half(int) OWNER TO other_names`,
      );
      onTestFinished(async () => {
        await database.query('DROP OWNED BY other_names CASCADE; DROP ROLE other_names');
      });
      const backup = await backupOf(database);
      await restoring(database, async (session) => {
        await expect(session.restoreAside(backup)).rejects.toMatchObject({
          code: 'RESTORE_FAILED',
          message: expect.stringMatching(
            /by_quarter belongs to a superuser, and other roles have functions/,
          ) as string,
        });
      });
    });

    it('that name what is nowhere end the restore, with the name', async () => {
      const database =
        await databaseWith(`${UNQUALIFIED} CREATE FUNCTION lost(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN gone($1); END';
      CREATE FUNCTION gone(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1'; CREATE INDEX ON numbers (lost(n)); DROP FUNCTION gone(int);`);
      const backup = await backupOf(database);
      await restoring(database, async (session) => {
        await expect(session.restoreAside(backup)).rejects.toMatchObject({
          code: 'RESTORE_FAILED',
          message: expect.stringMatching(/function gone\(integer\) does not exist.*search_path/) as string,
        });
      });
      expect(await database.query('SELECT count(*) FROM numbers')).toBe('300');
    });
  },
);
