import { describe, expect, it } from 'vitest';
import { readAll } from '@geolens/backup-core/testing';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { everything, fileOf, linesOf, producerFor, within } from './support/producers.ts';
import { smallDatabase } from './support/small-database.ts';
import { countedBy, restoreInto } from './support/by-hand.ts';

describe.each(clusters())('a dump of $title', (facts) => {
  it('restores without an error, with the rows that were counted for each table', async () => {
    const [database, target] = [await freshDatabase(facts), await freshDatabase(facts, { content: 'empty' })];
    await database.query(`CREATE TABLE data."dot.ted ""q"" 'a' %I" (x int); INSERT INTO data."dot.ted ""q"" 'a' %I" SELECT generate_series(1, 7);
      CREATE UNLOGGED TABLE data.unlogged AS SELECT generate_series(1, 5) x; CREATE TABLE data.nothing ();
      CREATE SCHEMA "Sch.e""ma"; CREATE TABLE "Sch.e""ma".t AS SELECT 1 x;`);
    const { dump, counts } = await within(producerFor(database), everything);
    await restoreInto(target.client, target.database, dump);
    expect(linesOf(counts)).toEqual(await countedBy(database.client, database.database));
    expect(linesOf(counts)).toEqual(await countedBy(target.client, target.database));
    expect(linesOf(counts)).toEqual(
      expect.arrayContaining(['data|stations|50', 'data|stations_abroad|20', 'catalog|invitations|0']),
    );
    expect(counts.filter(({ table }) => table === 'spatial_ref_sys' || table === 'requests')).toEqual([]);
  });

  it('holds data of just the tables that are counted', async () => {
    const database = await freshDatabase(facts);
    await database.query(`CREATE EXTENSION postgis_topology; CREATE TABLE topology.mine AS SELECT 1 AS x;
      CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE data.elsewhere (x int) SERVER s;`);
    const { dump, counts } = await within(producerFor(database), everything);
    const listed = await database.client.run('pg_restore', ['--list', await fileOf(dump)]);
    const ofExtensions = ['public|spatial_ref_sys', 'topology|layer', 'topology|topology'];
    const held = [...listed.matchAll(/^\d+; \d+ \d+ TABLE DATA (\S+) (.*) \S+$/gm)].map(
      ([, schema, table]) => `${schema!}|${table!}`,
    );
    expect(held.filter((name) => !ofExtensions.includes(name)).sort()).toEqual(
      counts.map(({ schema, table }) => `${schema}|${table}`).sort(),
    );
  });

  it('is of the format that was asked for, without owners and grants', async () => {
    const database = await freshDatabase(facts);
    const { dump, snapshot } = await within(
      producerFor(database, { compression: 'none' }),
      async (taken) => ({ dump: await readAll(taken.dump()), snapshot: taken.origin }),
    );
    expect(snapshot).toMatchObject({
      compression: 'none',
      extensions: expect.arrayContaining([
        { name: 'postgis', version: expect.stringMatching(/^3\./) as string },
      ]) as unknown,
    });
    expect(Number.parseInt(snapshot.serverVersion, 10)).toBe(facts.major);
    expect(Number.parseInt(snapshot.clientVersion, 10)).toBe(facts.major);
    const listed = await database.client.run('pg_restore', ['--list', await fileOf(dump)]);
    expect(listed).toMatch(/Format: CUSTOM/);
    expect(listed).toMatch(/Compression: (0|none)/);
    expect(listed).not.toMatch(/^\d+; \d+ \d+ (DEFAULT )?ACL /m);
  });

  it.each([
    'a=b',
    '100%',
    `x'y"z`,
    'postgresql://x',
    'with/slash',
    ' two spaces ',
    'back\\slash',
    'Größe 日本語',
    'host=nowhere port=1',
    '-d',
  ])('may be of a database called %j', async (name) => {
    const database = await smallDatabase(facts, { name: `${name} ${facts.major}` });
    const { dump, globals, counts } = await within(producerFor(database), everything);
    expect(linesOf(counts)).toContain('data|stations|50');
    expect(globals).toContain('CREATE ROLE geolens;');
    expect(globals).toContain('ALTER DEFAULT PRIVILEGES');
    const names = await database.client.run('pg_restore', ['--list', await fileOf(dump)]);
    expect(names).toContain(`dbname: ${name} ${facts.major}`);
  });

  it('reaches the server by its socket folder too', async () => {
    const database = await smallDatabase(facts);
    const [host] = (await database.query('SHOW unix_socket_directories')).split(', ');
    const { counts } = await within(producerFor(database, { connection: { host: host! } }), everything);
    expect(linesOf(counts)).toContain('data|stations|50');
  });
});
