import { copyFile, link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { formatTimestamp } from '@geolens/backup-core';
import { freshBucket, replicaEnv } from '../support/buckets.ts';
import { newestCluster, type ClusterFacts } from '../support/clusters.ts';
import { newOperator, type Operator } from '../support/operator.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { runProgram } from '../support/run-program.ts';
import { RIGHTS } from '../support/rights.ts';
import { freshVolume } from '../support/volume.ts';
import { env as programEnv } from '../adapter-postgres/support/producers.ts';

const DAY = 86_400_000;

/** Files of one run of GeoLens's own backup container, by what it wrote in that version. */
type Kinds = readonly ('dump' | 'staging' | 'globals')[];

interface ListedSet {
  readonly timestamp: string;
  readonly tier: string;
  readonly state: string;
  readonly copies: readonly { readonly store: string; readonly state: string }[];
}

/** A volume as the container of GeoLens 1.7 and newer leaves it, with sets of before; the newest first. */
class GeoLensVolume {
  readonly daily: string[] = [];
  readonly weekly: string[] = [];
  readonly operator: Operator;
  private readonly files: string;

  constructor(operator: Operator, files: string) {
    this.operator = operator;
    this.files = files;
  }

  static async make(cluster: ClusterFacts): Promise<GeoLensVolume> {
    const operator = await newOperator(cluster);
    const { client, database } = operator.database;
    const files = join(operator.volume.backups, '..', 'made');
    await mkdir(files);
    await client.run('pg_dump', ['-Fc', '--no-owner', '--no-acl', '-f', join(files, 'dump'), '-d', database]);
    await client.run('pg_dumpall', ['--globals-only', '-f', join(files, 'globals')]);
    await runProgram('tar', ['-czf', join(files, 'staging'), '-C', operator.volume.staging, '.'], {
      env: programEnv,
    });
    const volume = new GeoLensVolume(operator, files);
    const today = Math.floor(Date.now() / DAY) * DAY - DAY;
    for (let age = 0; age < 8; age += 1) {
      // One run began just before midnight and ended after it.
      const at = formatTimestamp(new Date(today - age * DAY + (age === 3 ? DAY - 2000 : 2 * 3_600_000)));
      await volume.write('daily', at, ['dump', 'staging', 'globals']);
    }
    for (let age = 0; age < 4; age += 1)
      await volume.write('weekly', formatTimestamp(new Date(today - (7 * age + 8) * DAY + 2 * 3_600_000)), [
        'dump',
        'staging',
        'globals',
      ]);
    await volume.write('daily', formatTimestamp(new Date(today - 40 * DAY)), ['dump', 'staging']); // before 1.7
    await volume.write('daily', formatTimestamp(new Date(today - 41 * DAY)), ['dump']);
    await writeFile(join(operator.volume.backups, '.last-success'), `${new Date().toISOString()}\n`);
    for (const name of ['notes.txt', 'geolens_latest.dump', 'globals.sql'])
      await writeFile(join(operator.volume.backups, 'daily', name), 'not ours');
    return volume;
  }

  async list(env: Record<string, string> = {}): Promise<readonly ListedSet[]> {
    const end = await this.operator.backup(['list', '--json'], { env });
    expect(end.code, end.stderr).toBe(0);
    return JSON.parse(end.stdout) as readonly ListedSet[];
  }

  private async write(tier: 'daily' | 'weekly', timestamp: string, kinds: Kinds): Promise<void> {
    const names = {
      dump: `${this.operator.database.database}_${timestamp}.dump`,
      staging: `staging-${timestamp}.tar.gz`,
      globals: `globals-${timestamp}.sql`,
    };
    await mkdir(join(this.operator.volume.backups, tier), { recursive: true });
    for (const kind of kinds) await link(join(this.files, kind), this.operator.path(tier, names[kind]));
    this[tier].push(timestamp);
  }
}

describe.each(newestCluster())('a volume of GeoLens’s own backup container, on $title,', (cluster) => {
  let volume: GeoLensVolume;
  let operator: Operator;
  const made = async (): Promise<void> => {
    volume = await GeoLensVolume.make(cluster);
    ({ operator } = volume);
  };

  it('has whole sets only, of every age of GeoLens, and the newest is the one that is tested and restored', async () => {
    await made();
    const sets = await volume.list();
    expect(sets).toHaveLength(14);
    expect([...new Set(sets.map(({ state }) => state))]).toEqual(['legacy']);

    const verified = await operator.backup(['verify', '--restore', '--json']);
    expect(verified.code, verified.stderr).toBe(0);
    expect(verified.stdout).toContain(volume.daily[0]);

    const rights = await operator.database.query(RIGHTS);
    await operator.database.query('DELETE FROM catalog.notes');
    const restored = await operator.backup(['restore', 'latest', '--no-staging', '--json']);
    expect(restored.code, restored.stderr).toBe(0);
    const { source } = JSON.parse(restored.stdout) as { source: { timestamp: string } };
    expect(source.timestamp).toBe(volume.daily[0]);
    expect(await operator.database.query('SELECT count(*) FROM catalog.notes')).toBe('60');
    expect(await operator.database.query(RIGHTS)).toBe(rights); // those of the live database
  });

  it('is kept by the same numbers as new sets, is healthy, and is gone as new sets come', async () => {
    await made();
    const plan = await operator.backup(['prune', '--dry-run', '--json']);
    expect(plan.code, plan.stderr).toBe(0);
    const { verdicts } = JSON.parse(plan.stdout) as {
      verdicts: readonly { timestamp: string; tier: string; keep: boolean }[];
    };
    expect(
      verdicts.filter(({ tier, keep }) => tier === 'daily' && keep).map(({ timestamp }) => timestamp),
    ).toEqual(volume.daily.slice(0, 7));
    expect(
      verdicts.filter(({ tier, keep }) => tier === 'weekly' && keep).map(({ timestamp }) => timestamp),
    ).toEqual(volume.weekly);
    expect((await operator.backup(['health'], { env: { BACKUP_MAX_AGE_MINUTES: '4320' } })).code).toBe(0);
    const run = await operator.backup(['run', '--json']);
    expect(run.code, run.stderr).toBe(0);
    const left = await operator.volume.files('daily');
    for (const gone of volume.daily.slice(6)) expect(left.filter((name) => name.includes(gone))).toEqual([]);
    expect(left).toEqual(expect.arrayContaining(['notes.txt', 'geolens_latest.dump', 'globals.sql']));
  });

  it.skipIf(inject('gateway') === undefined)(
    'is replicated, and a new machine is restored from that bucket alone, roles and all',
    async () => {
      await made();
      const bucket = await freshBucket();
      const s3 = { ...replicaEnv(bucket) };
      const run = await operator.backup(['run', '--json'], { env: s3 });
      expect(run.code, run.stderr).toBe(0);
      const inBucket = (await volume.list(s3)).filter(({ copies }) =>
        copies.some(({ store, state }) => store === 's3' && state === 'legacy'),
      );
      expect(inBucket.length).toBeGreaterThanOrEqual(10);

      const elsewhere = await startCluster({ binDir: cluster.binDir });
      onTestFinished(() => elsewhere.stop());
      const fresh = await freshVolume();
      const env = {
        ...s3,
        DATABASE_URL: elsewhere.url(operator.database.database),
        BACKUP_DIR: fresh.backups,
        STAGING_DIR: fresh.staging,
      };
      const [wanted] = volume.daily;
      const roles = "SELECT rolname FROM pg_roles WHERE rolname ~ '^geolens' ORDER BY 1";
      const restored = await operator.backup(
        ['restore', wanted!, '--store', 's3', '--staging-to', join(fresh.staging, 'restored'), '--json'],
        { env },
      );
      // Superusers of the old server come back without that: the bucket could have been written by others.
      expect([0, 3], restored.stderr).toContain(restored.code);
      expect(restored.stderr).toContain('the backup carries no grants');
      expect(await elsewhere.psql(operator.database.database, 'SELECT count(*) FROM catalog.notes')).toBe(
        '60',
      );
      expect(await elsewhere.psql('postgres', roles)).toBe(await operator.database.query(roles));
    },
  );

  it('does not make `restore latest` go back in time past dumps that it cannot judge', async () => {
    await made();
    const set = JSON.parse((await operator.backup(['run', '--json'])).stdout) as { timestamp: string };
    const newer = formatTimestamp(new Date(Date.now() + 600_000));
    await copyFile(
      operator.path('daily', `${operator.database.database}_${set.timestamp}.dump`),
      operator.path('daily', `${operator.database.database}_${newer}.dump`),
    );
    await copyFile(
      operator.path('daily', `globals-${set.timestamp}.sql`),
      operator.path('daily', `globals-${newer}.sql`),
    ); // of a run, without its manifest
    const end = await operator.backup(['restore', 'latest', '--no-staging']);
    expect(end.code).toBe(1);
    for (const text of [newer, 'there is no manifest', `The newest whole one is set ${set.timestamp}`])
      expect(end.stderr).toContain(text);
  });
});
