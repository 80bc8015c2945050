import { describe, expect, it, onTestFinished } from 'vitest';
import { PgDiagnosticCheck } from '@geolens/backup-adapter-postgres';
import { newestCluster } from '../support/clusters.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { PRIMARY_SETTINGS, standbyOf } from '../support/standby.ts';
import { env, everything, linesOf, never, producerFor, within } from './support/producers.ts';

describe.each(newestCluster())('a standby of $title', ({ binDir }) => {
  it('is dumped; the rows of unlogged tables, which it lacks, are one warning and no count', async () => {
    const cluster = await startCluster({ binDir, settings: PRIMARY_SETTINGS });
    onTestFinished(() => cluster.stop());
    await cluster.createDatabase('app');
    await cluster.psql(
      'app',
      `CREATE TABLE t AS SELECT generate_series(1, 3) AS id; CREATE UNLOGGED TABLE scratch AS SELECT 1 AS x;
       CREATE UNLOGGED TABLE "Cache" (id serial); CREATE ROLE reader; GRANT SELECT ON t TO reader`,
    );
    const standby = { ...(await standbyOf(cluster)), database: 'app' };
    const taken = await within(producerFor(standby), async (snapshot, producer) => ({
      ...(await everything(snapshot, producer)),
      warnings: snapshot.warnings(),
    }));
    expect(linesOf(taken.counts)).toEqual(['public|t|3']);
    expect(taken.globals).toContain('GRANT SELECT ON TABLE public.t TO reader;');
    expect(taken.warnings).toEqual([
      'the rows of 2 unlogged tables are not in the dump, because the server is a standby: public.Cache, public.scratch',
    ]);
    const { host, port, user } = standby;
    const results = await new PgDiagnosticCheck({
      connection: { host, port, user, database: 'app' },
      rolePasswords: false,
      binDir,
      env,
    }).inspect({ signal: never });
    expect(results.filter(({ level }) => level !== 'ok')).toMatchObject([
      { subject: 'standby', level: 'warn', message: taken.warnings[0] },
    ]);

    const place = { ...standby, port: cluster.port };
    expect(await within(producerFor(place), (snapshot) => Promise.resolve(snapshot.warnings()))).toEqual([]);
  });
});
