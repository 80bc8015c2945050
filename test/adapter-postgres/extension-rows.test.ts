import { describe, expect, it } from 'vitest';
import { sourceOf } from '@geolens/backup-core/testing';
import { PgDiagnosticCheck } from '@geolens/backup-adapter-postgres';
import { anyCluster, clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { restoreTestIn, restoreTestParent, restored } from './support/restore-tests.ts';
import { env, everything, never, producerFor, within } from './support/producers.ts';
import { backupOf, restoring } from './support/restoring.ts';

describe.each(clusters())(
  'a table with rows that an extension of $title does not mark for dumping',
  (facts) => {
    it('is a warning of the run and of doctor, and one that is empty is none', async () => {
      const database = await freshDatabase(facts, { content: 'empty' });
      await database.query(
        `CREATE EXTENSION pg_trgm; CREATE SCHEMA "Work"; CREATE TABLE "Work".queue AS SELECT generate_series(1, 4000) AS id;
       CREATE TABLE public.empty (id int); CREATE TABLE t (id int); ANALYZE;
       ALTER EXTENSION pg_trgm ADD TABLE "Work".queue; ALTER EXTENSION pg_trgm ADD TABLE public.empty`,
      );
      const warning =
        'table Work.queue (about 4,000 rows) belongs to extension pg_trgm and is not in the dump';
      const snapshotWarnings = await within(producerFor(database), async (snapshot, producer) => {
        await everything(snapshot, producer);
        return snapshot.warnings();
      });
      expect(snapshotWarnings).toEqual([warning]);
      expect(await doctorWarnings(database)).toEqual([warning]);
    });
  },
);

it('an ordinary PostGIS database has no such table', async () => {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  await database.query(
    `CREATE EXTENSION postgis; CREATE EXTENSION postgis_raster; CREATE EXTENSION postgis_topology; CREATE EXTENSION fuzzystrmatch;
     CREATE EXTENSION postgis_tiger_geocoder; CREATE EXTENSION address_standardizer_data_us; CREATE TABLE t (id int)`,
  );
  expect(await within(producerFor(database), (snapshot) => Promise.resolve(snapshot.warnings()))).toEqual([]);
  expect(await doctorWarnings(database)).toEqual([]);
});

async function doctorWarnings({
  host,
  port,
  user,
  database,
  binDir,
}: TestDatabase): Promise<readonly string[]> {
  const check = new PgDiagnosticCheck({
    connection: { host, port, user, database },
    rolePasswords: false,
    binDir,
    env,
  });
  const results = await check.inspect({ signal: never });
  return results.filter(({ level }) => level !== 'ok').map(({ message }) => message);
}

describe.each(clusters())('rows of tables that belong to an extension, on $title,', (facts) => {
  it('are counted in the dump, and found again after a restore and in a restore test', async () => {
    const database = await freshDatabase(facts, { content: 'empty' });
    await database.query(`CREATE EXTENSION postgis; INSERT INTO spatial_ref_sys (srid, auth_name) VALUES (990001, 'ours'), (990002, 'ours');
      CREATE TABLE t (id int); INSERT INTO t VALUES (1)`);
    const { dump } = await within(producerFor(database), everything);
    const counts = await within(producerFor(database), async (snapshot, producer) =>
      snapshot.rowCounts((await producer.check(sourceOf(dump), { signal: never })).rows),
    );
    expect(counts).toEqual({
      tables: [{ schema: 'public', table: 't', rows: 1 }],
      ofExtensions: [{ schema: 'public', table: 'spatial_ref_sys', rows: 2 }],
    });

    const backup = await backupOf(database);
    await restoring(database, async (session) => {
      const aside = await session.restoreAside(backup);
      const { rows, extensionRows } = aside;
      expect(rows).toEqual(counts.tables);
      expect(extensionRows[0]).toMatchObject({ table: 'spatial_ref_sys' });
      expect(extensionRows[0]!.rows).toBeGreaterThan(1000); // with those of PostGIS
      await aside.discard();
    });
    const tested = await restored(restoreTestIn(await restoreTestParent(), database), backup);
    expect(tested.extensionRows[0]!.rows).toBeGreaterThan(1000);
  });
});
