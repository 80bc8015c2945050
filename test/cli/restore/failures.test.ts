import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { newestCluster } from '../../support/clusters.ts';
import { Random } from '../../support/random.ts';
import { related } from './support/databases.ts';
import { rowsIn, statementsIn } from './support/flawed-dump.ts';
import { newRestorer } from './support/restorer.ts';
import { difference, NONE, stateOf } from './support/state.ts';

const TIMES = 8;

describe.each(newestCluster())('a restore on $title that fails', (cluster) => {
  it(`at any of its entries, ${TIMES} random ones, leaves the live database as it was, nothing beside it, and says which entry it was`, {
    timeout: 240_000,
  }, async () => {
    const restorer = await newRestorer(cluster);
    const { client, database } = restorer.database;
    const path = restorer.dumpOf(await restorer.goodRun({ env: { BACKUP_COMPRESSION: 'none' } }));
    const dump = await readFile(path);
    const flaws = [...statementsIn(dump), ...rowsIn(dump, await client.run('pg_restore', ['--list', path]))];
    expect(flaws.length).toBeGreaterThan(100);
    await restorer.ask('DELETE FROM catalog.notes; CREATE TABLE data.newer (id integer)');
    const live = await stateOf(client, database);
    const random = new Random(20261122);
    for (let time = 0; time < TIMES; time += 1) {
      const flaw = random.pick(flaws);
      const { names } = flaw;
      const file = join(restorer.volume.backups, 'flawed.dump');
      await writeFile(file, flaw.spoil());
      const end = await restorer.restore([file]);
      expect(end.code, names).toBe(1);
      expect(end.stderr).toContain(names);
      expect(difference(live, await stateOf(client, database)), names).toEqual(NONE);
      expect(await related(restorer.database), names).toEqual([database]);
    }
  });
});
