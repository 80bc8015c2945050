import { describe, expect, it } from 'vitest';
import { sourceOf } from '@geolens/backup-core/testing';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { restoreTestIn, restoreTestParent, restored } from './support/restore-tests.ts';
import { everything, never, producerFor, within } from './support/producers.ts';
import { backupOf, restoring } from './support/restoring.ts';

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
