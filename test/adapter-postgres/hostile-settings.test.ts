import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newestCluster, type ClusterFacts } from '../support/clusters.ts';
import { HOSTILE_SETTINGS, quotedValue } from '../support/hostile-settings.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { everything, linesOf, producerFor, within, type Place, type Taken } from './support/producers.ts';

/** Longer than the timeouts: only pg_dump's own sessions are as short as that. */
const DUMP_LASTS_MS = 2_500;

describe.each(newestCluster())('settings of roles and databases on $title', (facts) => {
  async function database(): Promise<Place & { psql: (sql: string) => Promise<string> }> {
    const cluster = await serverOf(facts);
    const { host, port, user, binDir } = cluster;
    await cluster.createDatabase('app');
    const psql = (sql: string): Promise<string> => cluster.psql('app', sql);
    await psql(`CREATE SCHEMA trap; CREATE FUNCTION trap.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS $$ SELECT 'trapped' $$;
      CREATE TABLE t (id int, at timestamptz DEFAULT '2026-01-02', path text DEFAULT E'a\\\\b'); INSERT INTO t VALUES (1), (2);
      CREATE ROLE "Reader"; GRANT SELECT ON t TO "Reader"; ALTER DATABASE app SET geolens.path = E'c:\\\\new "dir"';
      COMMENT ON DATABASE app IS E'back\\\\slash ''quote''';`);
    return { host, port, user, binDir, database: 'app', psql };
  }

  async function taken(place: Place): Promise<Pick<Taken, 'counts' | 'globals'>> {
    const { counts, globals, warnings } = await within(producerFor(place), async (snapshot, producer) => {
      await pause(DUMP_LASTS_MS);
      return { ...(await everything(snapshot, producer)), warnings: snapshot.warnings() };
    });
    expect(warnings).toEqual([]);
    return { counts, globals: statementsIn(globals) };
  }

  it.each(['ROLE geolens', 'DATABASE app', 'ROLE geolens IN DATABASE app', 'SYSTEM'])(
    'neither fail a run nor change what is in it: %s',
    async (target) => {
      const place = await database();
      const before = await taken(place);
      expect(linesOf(before.counts)).toEqual(['public|t|2']);
      const known = (await place.psql(`SELECT lower(name) FROM pg_settings`)).split('\n');
      const sql = Object.entries(HOSTILE_SETTINGS)
        .filter(([name]) => known.includes(name.toLowerCase()))
        .map(([name, value]) => `ALTER ${target} SET ${name} = ${quotedValue(name, value)};`);
      await place.psql(`${sql.join('\n')} SELECT pg_reload_conf()`);
      const after = await taken(place);
      expect(after.counts).toEqual(before.counts);
      expect(after.globals).toBe(before.globals);
    },
  );

  it('may make the session another role, which then needs the privileges', async () => {
    const place = await database();
    await place.psql(
      `CREATE ROLE dumper; GRANT pg_read_all_data TO dumper; ALTER ROLE geolens SET role = 'dumper'`,
    );
    const { counts } = await within(producerFor(place), everything);
    expect(linesOf(counts)).toEqual(['public|t|2']);
  });
});

async function serverOf({ binDir }: ClusterFacts): ReturnType<typeof startCluster> {
  const cluster = await startCluster({ binDir });
  onTestFinished(() => cluster.stop());
  return cluster;
}

/** Without the settings that the test makes, and what differs from one pg_dump to the next. */
function statementsIn(globals: string): string {
  return globals
    .split('\n')
    .filter(
      (line) =>
        !/^$|^ALTER ROLE geolens SET |FROM CURRENT.*|^\\|^--/.test(line) || line.includes('geolens.path'),
    )
    .join('\n');
}
