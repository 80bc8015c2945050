import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPostgresPrograms } from './postgres-programs.ts';
import { startCluster, type Cluster } from './postgres-cluster.ts';
import { ensureTrixie, type Trixie } from './trixie.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

const COUNTS = `
  SELECT format('SELECT %L, count(*) FROM %s;', relation, relation)
  FROM (SELECT format('%I.%I', nspname, relname) AS relation, relkind
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname IN ('catalog', 'data')) AS named
  WHERE relkind IN ('r', 'p', 'm') ORDER BY relation`;

async function rowCounts(cluster: Cluster, database: string): Promise<string> {
  return cluster.psql(database, await cluster.psql(database, COUNTS));
}

const trixie: Trixie = await ensureTrixie({
  log: (line) => {
    console.info(line);
  },
});
const installed = findPostgresPrograms().map(({ major, binDir }) => ({
  name: `PostgreSQL ${major}`,
  binDir,
  missing: '',
}));
const fetched =
  'unavailable' in trixie
    ? { name: `PostgreSQL 17 (${trixie.unavailable})`, binDir: '', missing: trixie.unavailable }
    : { name: 'PostgreSQL 17 of Debian 13', binDir: trixie.binDir, missing: '' };
const versions = installed.some(({ binDir }) => binDir === fetched.binDir)
  ? installed
  : [...installed, fetched];

for (const { name, binDir, missing } of versions) {
  describe.skipIf(missing)(`the GeoLens database on ${name}`, () => {
    let cluster: Cluster;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'geolens-support-'));
      cluster = await startCluster({ binDir });
      await cluster.createDatabase('geolens');
      await cluster.psql('geolens', { file: fixture('geolens.sql') });
    }, 60_000);
    afterAll(async () => {
      await rm(folder, { recursive: true, force: true });
      await cluster.stop();
    });

    it('comes back from its dump, every row of it, without one error', async () => {
      const dump = join(folder, 'geolens.dump');
      await cluster.client.run('pg_dump', ['-Fc', '--no-owner', '--no-acl', '-f', dump, 'geolens']);
      await cluster.createDatabase('restored');
      await cluster.client.run('pg_restore', [
        '--no-owner',
        '--no-acl',
        '--exit-on-error',
        '-d',
        'restored',
        dump,
      ]);
      expect(await rowCounts(cluster, 'restored')).toBe(await rowCounts(cluster, 'geolens'));
    }, 60_000);

    it('loads into several databases of a cluster at once, though they share its roles', async () => {
      await cluster.psql('postgres', 'DROP DATABASE IF EXISTS restored WITH (FORCE)');
      const names = ['one', 'ein "zweites"', "it's=3"];
      await Promise.all(names.map((database) => cluster.createDatabase(database)));
      await Promise.all(names.map((database) => cluster.psql(database, { file: fixture('geolens.sql') })));
      expect(await cluster.psql("it's=3", 'SELECT catalog.dataset_count()')).toBe('600');
      await Promise.all(names.map((database) => cluster.dropDatabase(database)));
    }, 60_000);

    it('grows by the size that was asked for', async () => {
      await cluster.createDatabase('yardstick', { template: 'geolens' });
      await cluster.psql('yardstick', { file: fixture('yardstick.sql'), variables: { mb: 10 } });
      const megabytes = await cluster.psql(
        'postgres',
        `SELECT (pg_database_size('yardstick') - pg_database_size('geolens')) / 1e6`,
      );
      expect(Number(megabytes)).toBeGreaterThan(8);
      expect(Number(megabytes)).toBeLessThan(14);
    }, 60_000);

    it('has a pg_dumpall that finds its pg_dump', async () => {
      expect(await cluster.client.run('pg_dumpall', ['--schema-only', '-l', 'geolens'])).toContain(
        'CREATE ROLE geolens_reader',
      );
    }, 60_000);
  });

  describe.skipIf(missing)(`a cluster of ${name}`, () => {
    it('asks for its password, restarts on its port, and leaves neither process nor folder', async () => {
      const cluster = await startCluster({ binDir, auth: 'scram', settings: { work_mem: '5MB' } });
      try {
        expect(await cluster.psql('postgres', 'SHOW work_mem')).toBe('5MB');
        expect(await cluster.client.run('psql', ['-XAtc', 'SELECT 1', cluster.url('postgres')])).toBe('1\n');
        await expect(
          cluster.client.run('psql', [
            '-w',
            '-XAtc',
            'SELECT 1',
            `host=${cluster.socketDir} dbname=postgres password=wrong`,
          ]),
        ).rejects.toThrow('password authentication failed');
        await expect(cluster.psql('postgres', 'SELECT 1; SELECT no_such_column; SELECT 2')).rejects.toThrow(
          'no_such_column',
        );
        const before = cluster.pid;
        await cluster.restart();
        expect(await cluster.psql('postgres', 'SELECT 1')).toBe('1');
        expect(isAlive(before)).toBe(false);
      } finally {
        await Promise.all([cluster.stop(), cluster.stop()]);
      }
      expect(isAlive(cluster.pid)).toBe(false);
      expect(existsSync(join(cluster.dataDir, '..'))).toBe(false);
    }, 60_000);
  });
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}
