import { describe, expect, it } from 'vitest';
import { PROPERTIES, RIGHTS } from '../../support/rights.ts';
import { newestCluster } from '../../support/clusters.ts';
import { related } from './support/databases.ts';
import { drop, newRestorer } from './support/restorer.ts';
import { difference, differentLines, NONE, stateOf } from './support/state.ts';

const FORM = `SELECT pg_encoding_to_char(encoding), datcollate, datctype, datdba::regrole, datconnlimit FROM pg_database WHERE datname = current_database()`;

describe.each(newestCluster())('a restore on $title', (cluster) => {
  const { major } = cluster;

  it('makes a database that is not there any more, as the set says it was', async () => {
    const restorer = await newRestorer(cluster);
    const { client, database } = restorer.database;
    await restorer.ask(`ALTER DATABASE ${database} OWNER TO geolens_readonly`);
    const [form, rights, properties] = await Promise.all(
      [FORM, RIGHTS, PROPERTIES].map((query) => restorer.ask(query)),
    );
    await restorer.goodRun();
    await drop(client, database);
    expect((await restorer.goodRestore(['latest'])).previous).toBeUndefined();
    expect(await restorer.ask(FORM)).toBe(form);
    expect(differentLines(rights!, await restorer.ask(RIGHTS))).toEqual(NONE);
    expect(differentLines(properties!, await restorer.ask(PROPERTIES))).toEqual(NONE);
  });

  it('makes another database of the name it is given, and leaves the live one alone', async () => {
    const restorer = await newRestorer(cluster);
    const { client, database } = restorer.database;
    await restorer.goodRun();
    await restorer.ask('DELETE FROM catalog.notes');
    const live = await stateOf(client, database);
    const other = `${database}_before_20200101_000000`; // removed with the others
    expect((await restorer.goodRestore(['latest', '--into', other])).previous).toBeUndefined();
    expect(difference(live, await stateOf(client, database))).toEqual(NONE);
    for (const query of [FORM, PROPERTIES])
      expect(await restorer.ask(query, other)).toBe(await restorer.ask(query));
    expect(await restorer.ask('SELECT count(*) FROM catalog.notes', other)).toBe('60');
    expect(await related(restorer.database)).toEqual([database, other]);
  });

  it('replaces another database that is there, and keeps it', async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    const other = await newRestorer(cluster, { content: 'small' });
    await restorer.goodRun();
    await other.ask('DELETE FROM ONLY data.stations');
    const { previous } = await restorer.goodRestore(['latest', '--into', other.database.database]);
    expect(await related(other.database)).toEqual([other.database.database, previous]);
    expect(await other.ask('SELECT count(*) FROM ONLY data.stations')).toBe('50');
    expect(await other.ask('SELECT count(*) FROM ONLY data.stations', previous)).toBe('0');
  });

  it.each(['a=b', 'x"y', `it's`, 'Größe 日本語', '-d', 'back\\slash', 'n'.repeat(60), '日'.repeat(20)])(
    'works with a database called %s…',
    async (beginning) => {
      const name = `${beginning}${beginning.length >= 20 ? '' : ' r'}${major}`;
      const restorer = await newRestorer(cluster, { name, content: 'small' });
      await restorer.goodRun();
      await restorer.ask('DELETE FROM ONLY data.stations');
      const { previous } = await restorer.goodRestore(['latest']);
      expect(Buffer.byteLength(previous!)).toBeLessThanOrEqual(63);
      expect(await restorer.ask('SELECT count(*) FROM ONLY data.stations')).toBe('50');
      expect(await restorer.ask('SELECT count(*) FROM ONLY data.stations', previous)).toBe('0');
      expect(await related(restorer.database)).toEqual([name, previous].sort());
    },
  );

  it('says as JSON what it did, and on stdout what a person wants to know', async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    const { database } = restorer.database;
    const timestamp = await restorer.goodRun();
    const report = await restorer.goodRestore([timestamp]);
    expect(report).toMatchObject({
      outcome: 'restored',
      mode: { kind: 'aside' },
      database,
      exists: true,
      previous: expect.stringContaining('_before_') as unknown,
      source: { label: `set ${timestamp} (daily, local)`, timestamp, dump: `${database}_${timestamp}.dump` },
      serverVersion: expect.stringMatching(new RegExp(`^${major}\\.`)) as unknown,
      dumpVersion: expect.stringMatching(new RegExp(`^${major}\\.`)) as unknown,
      recovered: [],
      errors: [],
      startedAt: expect.stringMatching(/Z$/) as unknown,
      finishedAt: expect.stringMatching(/Z$/) as unknown,
    });
    expect(report.restored!.rows).toContainEqual({ schema: 'data', table: 'stations', rows: 50 });
    const { stdout, stderr, code } = await restorer.backup(['restore', timestamp, '--no-staging']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^restored +set ${timestamp}`));
    expect(stdout).toMatch(/DROP DATABASE "t_\w+_before_\d{8}_\d{6}";/);
    expect(stderr).not.toMatch(/WARN|ERROR/);
  });
});
