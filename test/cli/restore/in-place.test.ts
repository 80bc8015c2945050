import { describe, expect, it, onTestFinished } from 'vitest';
import { OWNERS } from '../../adapter-postgres/support/owners.ts';
import { PROPERTIES, RIGHTS } from '../../support/rights.ts';
import { newestCluster } from '../../support/clusters.ts';
import { related } from './support/databases.ts';
import { drop, newRestorer, type Restorer } from './support/restorer.ts';
import { difference, differentLines, NONE, stateOf } from './support/state.ts';

const LIMIT = 'SELECT datconnlimit FROM pg_database WHERE datname = current_database()';

describe.each(newestCluster())('`restore --in-place` on $title', (cluster) => {
  const state = ({ database }: Restorer): Promise<readonly string[]> =>
    stateOf(database.client, database.database);

  async function prepared(): Promise<Restorer> {
    const restorer = await newRestorer(cluster);
    await restorer.goodRun();
    await restorer.goodRestore(['latest', '--drop-previous']); // to where the texts of definitions stay the same
    return restorer;
  }

  it('brings rows, definitions and grants back in the live database itself', async () => {
    const restorer = await prepared();
    const [before, rights] = [await state(restorer), await restorer.ask(RIGHTS)];
    const id = `SELECT oid FROM pg_database WHERE datname = current_database()`;
    const oid = await restorer.ask(id);
    await restorer.ask(
      `DELETE FROM catalog.notes; DROP TABLE data."select"; REVOKE ALL ON catalog.datasets FROM geolens_reader; ALTER TABLE catalog.users DROP COLUMN preferences`,
    );
    const { restored } = await restorer.goodRestore(['latest', '--in-place']);
    expect(difference(before, await state(restorer))).toEqual(NONE);
    expect(differentLines(rights, await restorer.ask(RIGHTS))).toEqual(NONE);
    expect(await restorer.ask(id)).toBe(oid);
    expect(await related(restorer.database)).toEqual([restorer.database.database]);
    expect(restored!.notes.join('\n')).toMatch(/rights asserted/);
  });

  it('fills an empty database', async () => {
    const restorer = await prepared();
    const { client, database } = restorer.database;
    const [before, rights, properties] = [
      await state(restorer),
      await restorer.ask(RIGHTS),
      await restorer.ask(PROPERTIES),
    ];
    await drop(client, database);
    await client.psql('postgres', `CREATE DATABASE ${database} TEMPLATE template0`);
    await restorer.goodRestore(['latest', '--in-place']);
    expect(difference(before, await state(restorer))).toEqual(NONE);
    expect(differentLines(rights, await restorer.ask(RIGHTS))).toEqual(NONE);
    expect(differentLines(properties, await restorer.ask(PROPERTIES))).toEqual(NONE);
  });

  it('applies the properties of the set to the live database, and leaves further ones', async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    const { client, database } = restorer.database;
    const [owner, other] = [`"owner of ${database}, 100%"`, `"other of ${database}"`];
    const alter = (sql: string): Promise<string> => client.psql('postgres', sql.replaceAll('%DB', database));
    onTestFinished(async () => {
      await alter(`DROP DATABASE %DB WITH (FORCE); DROP ROLE ${owner}, ${other}`);
    });
    await alter(`CREATE ROLE ${owner}; CREATE ROLE ${other}; ALTER DATABASE %DB OWNER TO ${owner}; REVOKE CONNECT ON DATABASE %DB FROM PUBLIC; REVOKE CREATE ON DATABASE %DB FROM ${owner};
      GRANT CREATE ON DATABASE %DB TO ${other} WITH GRANT OPTION; ALTER DATABASE %DB SET work_mem = '9MB'; ALTER DATABASE %DB SET DateStyle = 'SQL, DMY';
      ALTER ROLE ${other} IN DATABASE %DB SET search_path = "$user", "a b"; ALTER DATABASE %DB CONNECTION LIMIT 40; COMMENT ON DATABASE %DB IS 'of the set, 100%'`);
    const everything = async (): Promise<string> =>
      [
        await restorer.ask(OWNERS),
        await restorer.ask(RIGHTS),
        await restorer.ask(PROPERTIES),
        await restorer.ask(LIMIT),
      ].join('\n');
    const before = await everything();
    await restorer.goodRun();
    await alter(`ALTER DATABASE %DB OWNER TO ${client.environment['PGUSER']!}; GRANT CONNECT ON DATABASE %DB TO PUBLIC; REVOKE ALL ON DATABASE %DB FROM ${other}; ALTER DATABASE %DB SET work_mem = '1MB';
      ALTER DATABASE %DB RESET DateStyle; ALTER ROLE ${other} IN DATABASE %DB RESET ALL; ALTER DATABASE %DB CONNECTION LIMIT 5; COMMENT ON DATABASE %DB IS NULL`);
    const { warnings } = await restorer.goodRestore(['latest', '--in-place']);
    expect(differentLines(before, await everything())).toEqual(NONE);
    expect(warnings).toEqual([]);
    await alter(
      `ALTER DATABASE %DB SET statement_timeout = '1h'; GRANT CONNECT ON DATABASE %DB TO ${other}; GRANT CREATE ON DATABASE %DB TO ${owner}; COMMENT ON DATABASE %DB IS 'newer'`,
    );
    await restorer.goodRestore(['latest', '--in-place']);
    expect(differentLines(before, await everything())).toEqual({
      lost: [],
      more: [`database: ${owner} gave ${other} CONNECT`, 'here everybody statement_timeout=1h'],
    });
  });

  it('gives PUBLIC and the owner what they had by default', async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    const { client, database } = restorer.database;
    const alter = (sql: string): Promise<string> => client.psql('postgres', sql.replaceAll('%DB', database));
    const before = await restorer.ask(RIGHTS);
    await restorer.goodRun();
    await alter(`REVOKE ALL ON DATABASE %DB FROM PUBLIC, ${client.environment['PGUSER']!}`);
    await restorer.goodRestore(['latest', '--in-place']);
    expect(differentLines(before, await restorer.ask(RIGHTS))).toEqual(NONE);
  });

  it('leaves a newer table that nothing hinders, and reports what it did not drop for it', async () => {
    const restorer = await prepared();
    await restorer.ask(
      'CREATE TABLE data.newer AS SELECT 1 AS id; CREATE TABLE catalog.newer (id integer); DELETE FROM catalog.notes',
    );
    const rights = await restorer.ask(RIGHTS);
    const { restored } = await restorer.goodRestore(['latest', '--in-place']);
    expect(
      await restorer.ask('SELECT (SELECT count(*) FROM data.newer), (SELECT count(*) FROM catalog.notes)'),
    ).toBe('1|60');
    expect(differentLines(rights, await restorer.ask(RIGHTS))).toEqual(NONE); // schemas stay, and so would have what new tables in them are given
    expect(restored!.notes.join('\n')).toMatch(
      /2 things not dropped: a schema that has newer things in it stays/,
    );
  });

  it('fails where a newer table needs an old one, and changes nothing', async () => {
    const restorer = await prepared();
    await restorer.ask(
      'CREATE TABLE data.newer (id integer PRIMARY KEY, dataset_id uuid REFERENCES catalog.datasets (id)); INSERT INTO data.newer SELECT 1, id FROM catalog.datasets LIMIT 1',
    );
    const defaults = `SELECT count(*) FROM pg_default_acl WHERE defaclnamespace = 0`;
    const [before, rows] = [await restorer.ask(defaults), await state(restorer)];
    const end = await restorer.restore(['latest', '--in-place']);
    expect(end.code, end.stderr).toBe(1);
    expect(end.stderr).toContain('cannot drop constraint datasets_pkey');
    expect(await restorer.ask(defaults)).toBe(before);
    expect(end.stderr).toContain('The live database is as it was');
    expect(difference(rows, await state(restorer))).toEqual(NONE);
    await restorer.goodRestore(['latest']);
    expect(await restorer.ask(`SELECT to_regclass('data.newer') IS NULL`)).toBe('t');
  });
});
