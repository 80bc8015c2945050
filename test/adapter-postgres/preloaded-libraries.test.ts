import { describe, expect, it } from 'vitest';
import { at, manifestOf } from '../../packages/core/test/support/manifests.ts';
import { anyCluster, freshDatabase } from '../support/clusters.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import type { RestoreInput } from '@geolens/backup-core';
import { env, never, producerFor, within } from './support/producers.ts';
import { restoreTestIn, restoreTestParent, testedRestore } from './support/restore-tests.ts';
import { backupOf, restoring } from './support/restoring.ts';
import { PgDumpRestorer } from '../../packages/adapter-postgres/src/restore/pg-dump-restorer.ts';

describe('libraries that a server preloads', () => {
  it('are named by the snapshot, unless the role may not read them', async () => {
    await using cluster = await startCluster({
      settings: { shared_preload_libraries: '$libdir/auto_explain, "pg_stat_statements.so"' },
    });
    const { host, port, user, binDir } = cluster;
    const place = { host, port, user, binDir, database: 'postgres' };
    await cluster.psql('postgres', 'CREATE ROLE plain LOGIN');
    const origin = await within(producerFor(place), (snapshot) => Promise.resolve(snapshot.origin));
    expect(origin.preloadedLibraries).toEqual(['auto_explain', 'pg_stat_statements']);
    const asPlain = producerFor(place, { connection: { user: 'plain' } });
    const ofPlain = await within(asPlain, (snapshot) => Promise.resolve(snapshot.origin));
    expect(ofPlain.preloadedLibraries).toBeUndefined();
  });

  it('are preloaded by the server of a restore test, for the extensions of the dump', async () => {
    const facts = anyCluster();
    await using cluster = await startCluster({
      binDir: facts.binDir,
      settings: { shared_preload_libraries: 'auto_explain, pg_stat_statements' },
    });
    const { host, port, user, binDir } = cluster;
    const place = { host, port, user, binDir, database: 'postgres' };
    await cluster.psql(
      'postgres',
      'CREATE EXTENSION pg_stat_statements; CREATE MATERIALIZED VIEW seen AS SELECT count(*) AS n FROM pg_stat_statements',
    );
    const { preloadedLibraries } = await within(producerFor(place), (snapshot) =>
      Promise.resolve(snapshot.origin),
    );
    const backup = await backupOf(place);
    const manifest = {
      ...manifestOf(at('20261122_020000')),
      extensions: [],
      artifacts: [],
      preloadedLibraries,
    };
    const test = async (of: RestoreInput): Promise<string> =>
      (await testedRestore(restoreTestIn(await restoreTestParent(), facts), of)).outcome;
    expect(await test({ ...backup, manifest })).toBe('passed');
    expect(await test(backup)).not.toBe('passed');
  });

  it('and that the server of a restore lacks are a warning before anything begins', async () => {
    const database = await freshDatabase(anyCluster(), { content: 'empty' });
    const backup = await backupOf(database);
    const manifest = { ...manifestOf(at('20261122_020000')), preloadedLibraries: ['pg_cron', 'timescaledb'] };
    const { warnings } = await restoring(database, (session) =>
      session.inspect({ ...backup, manifest }, { kind: 'aside' }),
    );
    expect(warnings).toContain(
      'the server of the backup preloads pg_cron, timescaledb, this one does not: extensions may need it in shared_preload_libraries',
    );
  });
});

describe('an extension that a server makes in one database only', () => {
  it('is a problem of a restore aside, with the way', async () => {
    const place = await freshDatabase(anyCluster(), { content: 'empty' });
    const backup = await backupOf(place);
    const { host, port, user, database, binDir } = place;
    const session = await new PgDumpRestorer({
      connection: { host, port, user, database },
      binDir,
      env,
      prerequisites: { extensions: ['pg_cron'] },
    }).open(database, { exclusive: false, signal: never });
    const { problems } = await session.inspect(backup, { kind: 'aside' });
    const inPlace = await session.inspect(backup, { kind: 'in-place' });
    await session.close();
    const aside =
      'the extension pg_cron can only be made in the database that cron.database_name names, not aside: restore in place';
    expect(problems).toContain(aside);
    expect(inPlace.problems).not.toContain(aside);
  });

  it('makes a restore test inconclusive', async () => {
    const place = await freshDatabase(anyCluster(), { content: 'empty' });
    const restoreTest = restoreTestIn(await restoreTestParent(), anyCluster(), {
      prerequisites: { extensions: ['pg_cron'] },
    });
    expect(await testedRestore(restoreTest, await backupOf(place))).toMatchObject({
      outcome: 'inconclusive',
      reasons: expect.arrayContaining([
        'the extension pg_cron can only be made in the database that cron.database_name names, not in a temporary one',
      ]) as string[],
    });
  });
});
