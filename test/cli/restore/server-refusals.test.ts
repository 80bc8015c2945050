import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { freshFolder } from '../../../packages/system/test/support/folders.ts';
import { anyCluster, type ClusterFacts, clusters, newestCluster } from '../../support/clusters.ts';
import { startCluster, type Cluster } from '../../support/postgres-cluster.ts';
import { related } from './support/databases.ts';
import { newRestorer, type Restorer } from './support/restorer.ts';

const REFUSED = 1;

async function refused(
  restorer: Restorer,
  args: readonly string[],
  env: Record<string, string>,
  ...words: readonly string[]
): Promise<void> {
  const databases = await related(restorer.database);
  const end = await restorer.restore(args, { env });
  expect(end.code, end.stderr).toBe(REFUSED);
  for (const word of words) expect(end.stderr).toContain(word);
  expect(await related(restorer.database)).toEqual(databases);
}

describe.each(newestCluster())('a server of $title', (cluster) => {
  it('is asked before anything is made, and all that it lacks is told in one list: the right to make databases, an extension, a role', async () => {
    const restorer = await newRestorer(cluster, { content: 'small' });
    const role = `modest_${restorer.database.database}`;
    await restorer.ask(
      `CREATE ROLE ${role} LOGIN; CREATE EXTENSION pg_trgm; CREATE POLICY p ON data.stations TO geolens_reader`,
    );
    onTestFinished(async () => {
      await restorer.ask(`DROP ROLE ${role}`, 'postgres');
    });
    const dump = await readFile(
      restorer.dumpOf(await restorer.goodRun({ env: { BACKUP_COMPRESSION: 'none' } })),
      'latin1',
    );
    const file = join(restorer.volume.backups, 'other.dump');
    await writeFile(
      file,
      dump.replaceAll('pg_trgm', 'pg_none').replaceAll('geolens_reader', 'geolens_nobody'),
      'latin1',
    );
    const env = { DATABASE_URL: restorer.database.url.replace('geolens@', `${role}@`) };
    await refused(
      restorer,
      [file],
      env,
      `"${role}" may not make databases on this server`,
      '--in-place',
      'the extension pg_none is not available on the server',
      'role "geolens_nobody" is missing',
    );
    expect(await restorer.ask(`SELECT count(*) FROM pg_roles WHERE rolname = 'geolens_nobody'`)).toBe('0');
  });
});

describe('a prepared transaction in the live database', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({
      binDir: anyCluster().binDir,
      settings: { max_prepared_transactions: '5' },
    });
  });
  afterAll(() => cluster.stop());

  it('is told before anything is made, for it would keep it from being renamed', async () => {
    const { host, port, user, binDir, major, vector } = cluster;
    const restorer = await newRestorer(
      { host, port, user, binDir, major, vector, template: 'template0' },
      { content: 'small' },
    );
    await restorer.goodRun();
    await restorer.ask(`BEGIN; DELETE FROM data.stations; PREPARE TRANSACTION 'half done'`);
    await refused(restorer, ['latest'], {}, '"half done"', 'ROLLBACK PREPARED');
    await restorer.ask(`ROLLBACK PREPARED 'half done'`);
    await restorer.goodRestore(['latest']);
  });
});

describe.skipIf(inject('missingServer') !== undefined)('a dump of another version of PostgreSQL', () => {
  const [old, recent] = clusters() as readonly ClusterFacts[] as readonly [ClusterFacts, ClusterFacts];

  it('is refused by an older server, with both versions', async () => {
    const [source, target] = [
      await newRestorer(recent, { content: 'small' }),
      await newRestorer(old, { content: 'small' }),
    ];
    const file = source.dumpOf(await source.goodRun({ env: { BACKUP_COMPRESSION: 'gzip' } }));
    await refused(
      target,
      [file],
      { BACKUP_PG_BIN_DIR: recent.binDir },
      `the dump is of PostgreSQL ${recent.major}.`,
      `the server is ${old.major}.`,
    );
  });

  it('is taken by a newer server', async () => {
    const [source, target] = [await newRestorer(old), await newRestorer(recent)];
    // Without the globals, which have the roles that other tests make on the server meanwhile.
    const file = join(await freshFolder(), 'atlas.dump');
    await copyFile(source.dumpOf(await source.goodRun()), file);
    await target.ask('DELETE FROM catalog.notes');
    await target.goodRestore([file]);
    expect(await target.ask('SELECT count(*) FROM catalog.notes')).toBe('60');
  });
});
