import { describe, expect, it } from 'vitest';
import { OWNERS } from '../../adapter-postgres/support/owners.ts';
import { PROPERTIES, RIGHTS } from '../../support/rights.ts';
import { clusters, freshDatabase } from '../../support/clusters.ts';
import { openTransaction } from '../support/sessions.ts';
import { kept, related } from './support/databases.ts';
import { newRestorer } from './support/restorer.ts';
import { difference, differentLines, NONE, stateOf } from './support/state.ts';

/**
 * What happens to a database after its backup: a newer table that needs an old one, changed and deleted rows.
 */
const CHANGES = `
  CREATE TABLE data.newer (id integer PRIMARY KEY, dataset_id uuid REFERENCES catalog.datasets (id));
  INSERT INTO data.newer SELECT 1, id FROM catalog.datasets LIMIT 1;
  UPDATE catalog.users SET name = 'changed ' || name; DELETE FROM catalog.notes WHERE id > 10; DROP VIEW catalog.public_datasets;
  REVOKE ALL ON catalog.collections FROM geolens_reader`;

describe.each(clusters())('a restore on $title', (cluster) => {
  it('gives what plain pg_restore gives, text for text, with the rights, owners and properties of the source', async () => {
    const restorer = await newRestorer(cluster, { content: 'geolens' });
    const { client, database } = restorer.database;
    const queries = { RIGHTS, OWNERS, PROPERTIES };
    const source = await Promise.all(Object.values(queries).map((query) => restorer.ask(query)));
    const dump = restorer.dumpOf(await restorer.goodRun());
    const report = await restorer.goodRestore(['latest']);
    const reference = await freshDatabase(cluster, { content: 'empty' });
    await client.run('pg_restore', ['--no-owner', '--exit-on-error', '-d', reference.database, dump]);
    const plain = ['--no-owner', '--no-acl'];
    expect(
      difference(await stateOf(client, reference.database, plain), await stateOf(client, database, plain)),
    ).toEqual(NONE);
    for (const [index, [name, query]] of Object.entries(queries).entries())
      expect(differentLines(source[index]!, await restorer.ask(query)), name).toEqual(NONE);
    expect(report).toMatchObject({ outcome: 'restored', database, warnings: [], errors: [] });
  });

  it('leaves statistics for the planner', async () => {
    const restorer = await newRestorer(cluster);
    await restorer.goodRun();
    await restorer.goodRestore(['latest']);
    expect(
      await restorer.ask(`SELECT reltuples FROM pg_class WHERE oid = 'catalog.datasets'::regclass`),
    ).toBe('600');
    expect(
      Number(await restorer.ask(`SELECT count(*) FROM pg_stats WHERE schemaname = 'catalog'`)),
    ).toBeGreaterThan(20);
  });

  it('brings back the state of the backup, and keeps the changed one beside it', async () => {
    const restorer = await newRestorer(cluster);
    const { client, database } = restorer.database;
    await restorer.goodRun();
    await restorer.goodRestore(['latest', '--drop-previous']); // to where texts stay the same
    const before = await stateOf(client, database);
    await restorer.goodRun();
    await restorer.ask(CHANGES);
    const changed = await stateOf(client, database);
    const { previous } = await restorer.goodRestore(['latest']);
    expect(previous).toMatch(new RegExp(`^${database}_before_\\d{8}_\\d{6}$`));
    expect(await related(restorer.database)).toEqual([database, previous]);
    expect(difference(before, await stateOf(client, database))).toEqual(NONE);
    expect(difference(changed, await stateOf(client, previous!))).toEqual(NONE);
  });

  it('drops the database of before when told to', async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    await restorer.goodRun();
    expect((await restorer.goodRestore(['latest', '--drop-previous'])).previous).toBeUndefined();
    expect(await related(restorer.database)).toEqual([restorer.database.database]);
  });

  it('keeps every database of before, when there are several', async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    await restorer.goodRun();
    for (let times = 0; times < 2; times += 1) await restorer.goodRestore(['latest']);
    expect(await kept(restorer.database)).toHaveLength(2);
  });

  it('ends a session that is in the live database, with what it had not committed', async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    await restorer.goodRun();
    const open = await openTransaction(restorer.database, 'DELETE FROM data.stations');
    const { previous } = await restorer.goodRestore(['latest']);
    await open.end();
    for (const name of [restorer.database.database, previous])
      expect(await restorer.ask('SELECT count(*) FROM ONLY data.stations', name)).toBe('50');
  });
});
