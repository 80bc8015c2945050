import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { RIGHTS } from '../../support/rights.ts';
import { newestCluster } from '../../support/clusters.ts';
import { related } from './support/databases.ts';
import { newRestorer, type RestoreJson, type Restorer } from './support/restorer.ts';
import { difference, differentLines, NONE, stateOf } from './support/state.ts';

const STATISTICS_OBJECTS = `SELECT stxname, stxkeys, stxowner::regrole FROM pg_statistic_ext ORDER BY 1`;

describe.each(newestCluster())('`restore --table` on $title', (cluster) => {
  let restorer: Restorer;
  let before: readonly string[];
  let rights: string;
  const state = (): Promise<readonly string[]> =>
    stateOf(restorer.database.client, restorer.database.database);

  beforeEach(async () => {
    restorer = await newRestorer(cluster);
    await restorer.ask(
      'ALTER TABLE catalog.jobs OWNER TO geolens_readonly; ALTER STATISTICS catalog.datasets_kind_visibility SET STATISTICS 50',
    );
    await restorer.goodRun();
    await restorer.goodRestore(['latest', '--drop-previous']); // to where the texts of definitions stay the same
    [before, rights] = [await state(), await restorer.ask(RIGHTS)];
  });

  async function expectAsBefore(): Promise<void> {
    expect(difference(before, await state())).toEqual(NONE);
    expect(differentLines(rights, await restorer.ask(RIGHTS))).toEqual(NONE);
    expect(await related(restorer.database)).toEqual([restorer.database.database]);
  }

  it('brings a table back whole, and what depended on it: nothing else has changed', async () => {
    const statistics = await restorer.ask(STATISTICS_OBJECTS);
    // The delete cascades to attributes and embeddings: these are part of what is brought back.
    await restorer.ask(`ALTER TABLE catalog.datasets DISABLE TRIGGER ALL; DELETE FROM catalog.datasets WHERE number > 200; ALTER TABLE catalog.datasets ENABLE TRIGGER ALL;
      ALTER TABLE catalog.datasets DROP COLUMN tags CASCADE, DROP COLUMN kind CASCADE, ALTER COLUMN visibility DROP DEFAULT; DROP INDEX catalog.datasets_live;
      COMMENT ON TABLE catalog.datasets IS NULL; REVOKE ALL ON catalog.datasets FROM geolens_reader;
      SELECT setval('catalog.datasets_number_seq', 9999)`);
    // A view was dropped with a column before the restore.
    const end = await restorer.goodRestore(['latest', '--table', 'catalog.datasets', '--with-dependents']);
    expect(end.restored!.rows).toEqual([{ schema: 'catalog', table: 'datasets', rows: 600 }]);
    expect(difference(before, await state())).toEqual(NONE);
    expect(await restorer.ask(STATISTICS_OBJECTS)).toBe(statistics);
  });

  it('makes views, materialized views, functions and foreign keys again that depend on the table, with their rights, rows, owners and comments', async () => {
    await restorer.ask(`COMMENT ON VIEW catalog.public_datasets IS 'for all'; ALTER VIEW catalog.public_datasets OWNER TO geolens_readonly; GRANT SELECT ON catalog.public_datasets TO PUBLIC;
      CREATE FUNCTION catalog.title_of(d catalog.datasets) RETURNS text LANGUAGE sql AS 'SELECT d.title'; CREATE VIEW catalog.over AS SELECT title FROM catalog.public_datasets;
      ALTER TABLE catalog.jobs ADD CONSTRAINT later FOREIGN KEY (dataset_id) REFERENCES catalog.datasets (id) NOT VALID`);
    [before, rights] = [await state(), await restorer.ask(RIGHTS)];
    await restorer.ask(
      `UPDATE catalog.datasets SET title = 'spoilt'; DELETE FROM catalog.audit WHERE id > 50; SELECT setval('catalog.audit_id_seq', (SELECT max(id) FROM catalog.audit))`,
    );
    await restorer.goodRestore(['latest', '--table', 'catalog.datasets']);
    await expectAsBefore();
  });

  it('brings back a table that was dropped, with its rows and keys; foreign keys of others that went with it are theirs', async () => {
    await restorer.ask('DROP TABLE catalog.jobs CASCADE; DROP TABLE data."parcels.2024"');
    await restorer.goodRestore(['latest', '--table', 'catalog.jobs', '--table', 'data.parcels.2024']);
    await expectAsBefore();
  });

  it('lists what a DROP … CASCADE took with the table, with exit code 3, and restores it with --with-dependents', async () => {
    await restorer.ask('SET client_min_messages = error; DROP TABLE catalog.datasets CASCADE');
    const end = await restorer.restore(['latest', '--table', 'catalog.datasets']);
    expect(end.code, end.stderr).toBe(3);
    const { restored } = JSON.parse(end.stdout) as RestoreJson;
    const lost = [
      'view catalog.public_datasets',
      'materialized view catalog.collection_summary',
      'table constraint jobs_dataset_id_fkey on catalog.jobs',
      'table constraint collections_cover_fk on catalog.collections',
    ];
    expect(restored!.incomplete).toEqual(
      expect.arrayContaining(lost.map((name) => `${name} depends on the restored tables and is missing`)),
    );
    expect(restored!.restorableDependents).toBe(restored!.incomplete.length);
    expect(end.stderr).toContain('--with-dependents');
    const again = await restorer.goodRestore(['latest', '--table', 'catalog.datasets', '--with-dependents']);
    expect(again.restored!.incomplete).toEqual([]);
    await expectAsBefore();
  });

  it('brings back several tables with foreign keys between each other', async () => {
    await restorer.ask(
      'DROP TABLE catalog.attributes; SET session_replication_role = replica; DELETE FROM catalog.collections; UPDATE catalog.datasets SET collection_id = NULL',
    );
    await restorer.goodRestore([
      'latest',
      '--table',
      'catalog.datasets',
      '--table',
      'catalog.attributes',
      '--table',
      'catalog.collections',
    ]);
    await expectAsBefore();
  });

  it('brings back all tables of a schema, and leaves newer ones there alone', async () => {
    await restorer.ask('CREATE TABLE data.newer AS SELECT 1 AS id');
    [before, rights] = [await state(), await restorer.ask(RIGHTS)];
    await restorer.ask(
      'DROP TABLE data."select", data.stations_abroad; TRUNCATE data."parcels.2024"; DELETE FROM data.stations',
    );
    await restorer.goodRestore(['latest', '--schema', 'data']);
    await expectAsBefore();
  });

  it('refuses what would break a foreign key of a newer row, with the name of the key, and changes nothing', async () => {
    await restorer.ask(`INSERT INTO catalog.users (id, name, email) VALUES (catalog.uuid_of('user', 99), 'newer', 'n@example.org');
      INSERT INTO catalog.datasets (owner_id, title, kind) VALUES (catalog.uuid_of('user', 99), 'newer', 'vector')`);
    [before, rights] = [await state(), await restorer.ask(RIGHTS)];
    const end = await restorer.restore(['latest', '--table', 'catalog.users']);
    expect(end.code, end.stderr).toBe(1);
    expect(end.stderr).toContain('datasets_owner_id_fkey');
    expect(end.stderr).toContain('nothing was changed');
    await expectAsBefore();
  });

  it('refuses a table or schema that is not in the dump, with the others in the same list', async () => {
    const end = await restorer.restore([
      'latest',
      '--table',
      'catalog.nothing',
      '--table',
      'datasets',
      '--schema',
      'nowhere',
    ]);
    expect(end.code, end.stderr).toBe(1);
    for (const words of [
      'there is no table catalog.nothing in the dump',
      'there is no table datasets in the dump: its schema is missing',
      'there is no table in schema nowhere',
    ])
      expect(end.stderr).toContain(words);
    await expectAsBefore();
  });

  it('refuses a table that has a newer heir or partition, which would be lost', async () => {
    await restorer.ask('CREATE TABLE data.stations_new () INHERITS (data.stations)');
    const end = await restorer.restore(['latest', '--table', 'data.stations']);
    expect(end.code, end.stderr).toBe(1);
    expect(end.stderr).toContain('data.stations_new');
    expect(await restorer.ask(`SELECT to_regclass('data.stations_new') IS NOT NULL`)).toBe('t');
  });

  it('leaves the rights as they are in the live database, where the dump comes without any', async () => {
    const timestamp = await restorer.goodRun();
    await restorer.ask(
      'GRANT INSERT ON catalog.notes TO geolens_reader; GRANT UPDATE (body) ON catalog.notes TO geolens_readonly; ALTER TABLE catalog.notes OWNER TO geolens_readonly',
    );
    [before, rights] = [await state(), await restorer.ask(RIGHTS)];
    await restorer.ask('DELETE FROM catalog.notes');
    const dump = join(restorer.volume.backups, 'alone.dump');
    await copyFile(restorer.dumpOf(timestamp), dump);
    await restorer.goodRestore([dump, '--table', 'catalog.notes']);
    await expectAsBefore();
  });
});
