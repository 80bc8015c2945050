import { readFile, rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { anyCluster, clusters } from '../support/clusters.ts';
import {
  assertionsIn,
  groundOf,
  leftIn,
  restored,
  restoreTestIn,
  restoreTestParent,
  testedRestore,
} from './support/restore-tests.ts';
import { linesOf, never } from './support/producers.ts';
import { backupOf } from './support/restoring.ts';
import { smallDatabase } from './support/small-database.ts';

const facts = anyCluster();

describe('assertions of an operator', () => {
  it('hold, fail with the number of their rows, or are not answered, and change nothing', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    const assertions = await assertionsIn(`-- The assertions of this test.

-- no station without name; not even one
-- (with a second line)
SELECT id FROM data.stations WHERE name IS NULL; -- SELECT 1;
/* stations are near: /* nested; */ */ SELECT name, name FROM data.stations_abroad
  WHERE name <> 'it''s; -- no comment' AND name <> $q$;$q$;
VALUES (1), (2);
SELECT 'secret value'::integer;
SELECT path FROM data.nowhere;
DELETE FROM data.stations;
SELECT pg_catalog.nextval('data.numbers');
WITH gone AS (DELETE FROM data.stations RETURNING id) SELECT id FROM gone;
COMMIT; DROP TABLE data.stations;
-- the rows are all there
SELECT FROM (SELECT pg_catalog.count(*) FROM data.stations) c WHERE count <> 70`);
    const { problems, unanswered, assertionsHeld, rows } = await restored(
      restoreTestIn(parent, facts, { assertions }),
      await backupOf(database),
    );
    const begins = (name: string): string => `BACKUP_RESTORE_TEST_SQL: assertion ${name}`;
    expect(problems).toEqual([
      `${begins('2 (stations are near: /* nested; */)')} returned 20 rows, none were expected`,
      `${begins('3')} returned 2 rows, none were expected`,
    ]);
    expect(unanswered).toEqual(
      [
        ['4', 'invalid input syntax for type integer (SQLSTATE 22P02 invalid_text_representation)'],
        ['5', 'relation "data.nowhere" does not exist'],
        ['6', 'syntax error at or near "DELETE"'],
        ['7', 'permission denied for sequence numbers|read-only transaction'],
        ['8', 'DECLARE CURSOR must not contain data-modifying statements in WITH'],
        ['9', 'COMMIT is not yet supported in unquoted SQL function body|syntax error at or near "COMMIT"'],
        ['10', 'syntax error at or near "DROP"|DROP TABLE is not yet supported'],
      ].map(
        ([name, words]) =>
          expect.stringMatching(
            `^${begins(name!)} could not be evaluated: .*(?:${words!.replaceAll(/[()]/g, '.')})`,
          ) as string,
      ),
    );
    expect(unanswered.join()).not.toContain('secret value');
    expect(assertionsHeld).toBe(2);
    expect(linesOf(rows)).toContain('data|stations|50');
  });

  it('can be those of the documentation', async () => {
    const page = await readFile(new URL('../../docs/verification.md', import.meta.url), 'utf8');
    const sql = /^### Your own assertions\n.*?^```sql\n(.*?)^```$/ms.exec(page)![1]!;
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    await database.query(`CREATE SCHEMA catalog; CREATE TABLE catalog.datasets AS SELECT 1 AS id, 'a' AS name;
      CREATE TABLE catalog.records AS SELECT 1 AS id, 1 AS dataset_id`);
    const { problems, unanswered, assertionsHeld } = await restored(
      restoreTestIn(parent, facts, { assertions: await assertionsIn(sql) }),
      await backupOf(database),
    );
    expect({ problems, unanswered, assertionsHeld }).toEqual({
      problems: [],
      unanswered: [],
      assertionsHeld: 3,
    });
    expect(page).toContain(`  - ${assertionsHeld} assertions held\n`);
  });

  it('are read when a restore test begins, which names what is wrong with the file', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(facts)];
    const assertions = await assertionsIn('SELECT WHERE false');
    const tester = restoreTestIn(parent, facts, { assertions });
    const input = await backupOf(database);
    expect(await restored(tester, input)).toMatchObject({ assertionsHeld: 1 });
    for (const [content, why] of [
      ['', 'has no query'],
      ['-- nothing;\n;; /* ; */', 'has no query'],
      ['SELECT 1;\n\\connect postgres', 'has a command of psql: \\connect'],
      [Buffer.from([0xff]), 'is not UTF-8 text'],
      [undefined, 'cannot be read: ENOENT'],
    ] as const) {
      await (content === undefined ? rm(assertions.path) : writeFile(assertions.path, content));
      expect(await tester.open({ databaseBytes: 1, dumpBytes: 1, keptBytes: 0 }, { signal: never })).toEqual({
        inconclusive: [
          expect.stringContaining(`BACKUP_RESTORE_TEST_SQL names ${assertions.path}, which ${why}`),
        ],
      });
    }
    await writeFile(assertions.path, 'SELECT');
    await using ground = await groundOf(tester);
    await rm(assertions.path);
    expect(await ground.runRestoreTest(input)).toMatchObject({ outcome: 'passed', assertionsHeld: 0 });
    expect(await leftIn(parent)).not.toContain(assertions.path);
  });
});

describe.each(clusters())('the content of a database that is restored into $title', (place) => {
  it('has the sequences and large objects of the dump', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(place)];
    await database.query(`SELECT setval('data.numbers', 7); CREATE SEQUENCE data."it's; 1" INCREMENT -2; CREATE TABLE data.counted (id serial);
      INSERT INTO data.counted DEFAULT VALUES; SELECT lo_from_bytea(0, 'a') FROM generate_series(1, 3)`);
    const result = await restored(restoreTestIn(parent, place), await backupOf(database));
    expect(result).toMatchObject({ problems: [], missing: [], warnings: [] });
    expect(result.facts).toContain('3 sequences are at the value of the dump');
  });

  it('names sequences that the restore has changed, and large objects that it has removed', async () => {
    const [parent, database] = [await restoreTestParent(), await smallDatabase(place)];
    await database.query(`CREATE SEQUENCE data.back INCREMENT -1; SELECT setval('data.back', -50); SELECT setval('data.numbers', 100);
      CREATE SEQUENCE data."Fresh"; SELECT nextval('data."Fresh"'); SELECT lo_create(4711), lo_create(4712)`);
    await database.query(`CREATE MATERIALIZED VIEW data.wrong AS SELECT setval('data.back', -5) AS back, setval('data."Fresh"', 1, false), nextval('data.numbers'),
      CASE current_setting('port') WHEN '1' THEN lo_unlink(4712) END; SELECT setval('data.back', -50), setval('data."Fresh"', 1)`);
    const result = await testedRestore(restoreTestIn(parent, place), await backupOf(database));
    expect(result).toMatchObject({
      outcome: 'passed',
      problems: ['sequences are behind their values in the dump: data."Fresh", data.back'],
      missing: ['1 large object of 2 are not there: 4712'],
      warnings: ['sequences are further than in the dump, the restore took values: data.numbers'],
    });
  });
});
