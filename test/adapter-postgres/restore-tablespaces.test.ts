import { randomUUID } from 'node:crypto';
import { chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { expect, it, onTestFinished } from 'vitest';
import { anyCluster, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { restoreTestIn, restoreTestParent, restored } from './support/restore-tests.ts';
import { backupOf, restoring } from './support/restoring.ts';

/** A tablespace of the server that the test may drop before its end. */
async function freshTablespace({ client }: TestDatabase): Promise<string> {
  const name = `fast ${randomUUID()}`;
  const folder = await mkdtemp('/tmp/tablespace-');
  const { uid, gid } = await stat(await client.psql('postgres', 'SHOW data_directory'));
  await chown(folder, uid, gid);
  await client.psql('postgres', `CREATE TABLESPACE "${name}" LOCATION '${folder}'`);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return name;
}

it('restores what was in a tablespace that the server lacks, without it and with a note', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  const space = await freshTablespace(database);
  await database.query(`
    CREATE TABLE public.t (id int PRIMARY KEY USING INDEX TABLESPACE "${space}") TABLESPACE "${space}"; INSERT INTO t VALUES (1), (2);
    CREATE MATERIALIZED VIEW public.v TABLESPACE "${space}" AS SELECT * FROM t`);
  await database.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET temp_tablespaces TO %I', current_database(), '${space}');
     EXECUTE format('ALTER DATABASE %I SET default_tablespace TO %I', current_database(), '${space}');
     EXECUTE format('ALTER DATABASE %I SET work_mem TO 100', current_database()); END $$`,
  );
  const backup = await backupOf(database);
  expect((await restored(restoreTestIn(await restoreTestParent(), anyCluster()), backup)).outcome).toBe(
    'passed',
  );

  await database.query(
    `SELECT format('ALTER DATABASE %I RESET ALL', current_database()) \\gexec
     DROP TABLE t CASCADE`,
  );
  await database.client.psql('postgres', `DROP TABLESPACE "${space}"`);
  await restoring(database, async (session) => {
    const { warnings } = await session.inspect(backup, { kind: 'aside' });
    expect(warnings.join()).toContain(`the server does not have the tablespaces ${space}`);
    const aside = await session.restoreAside(backup);
    expect(aside.rows).toEqual([{ schema: 'public', table: 't', rows: 2 }]);
    expect(aside.notes).toEqual(
      expect.arrayContaining([
        `restored without tablespaces, because the server does not have ${space}: all objects are in the default one of the database`,
        `the setting default_tablespace of the database was left out: the server does not have the tablespace ${space}`,
        `the setting temp_tablespaces of the database was left out: the server does not have the tablespace ${space}`,
      ]),
    );
    const { previous } = await aside.swap();
    await session.finishSwap(previous, { drop: true });
  });
  expect(await database.query('SHOW work_mem')).toBe('100kB');
  await database.query('DROP TABLE t CASCADE');
  await restoring(database, async (session) => {
    const { rows } = await session.restoreTables(backup, { tables: ['public.t'], schemas: [] });
    expect(rows).toEqual([{ schema: 'public', table: 't', rows: 2 }]);
  });
  await restoring(database, async (session) => {
    const { rows } = await session.restoreInPlace(backup);
    expect(rows).toEqual([{ schema: 'public', table: 't', rows: 2 }]);
  });
});
