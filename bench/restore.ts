import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../test/support/cluster.ts';
import type { Arguments } from './arguments.ts';
import { settle } from './contest.ts';
import { geolensBackup, settingsFor } from './geolens-backup.ts';
import { measure } from './measure.ts';
import { finishedFiles, measureOurs } from './ours.ts';
import type { Contest, Sample } from './results.ts';
import { say } from './say.ts';
import { binDirsOf, withYardstick } from './servers.ts';

/**
 * `restore latest` beside createdb and `pg_restore -j` of the same dump, into a database of its own each
 * time. The files are left out.
 */
export async function measureRestores(settings: Arguments, folder: string): Promise<readonly Contest[]> {
  const contests: Contest[] = [];
  for (const binDir of await binDirsOf(settings.servers)) {
    contests.push(
      await withYardstick(binDir, settings.databaseMb, (cluster) =>
        contest(cluster, settings, join(folder, 'ours')),
      ),
    );
  }
  return contests;
}

async function contest(cluster: Cluster, { databaseMb, runs }: Arguments, backups: string): Promise<Contest> {
  await settle(cluster, backups);
  const { compression } = await measureOurs({ cluster, backups }, {});
  const samples: { ours: Sample[]; pg_restore: Sample[] } = { ours: [], pg_restore: [] };
  for (let round = 0; round < runs; round += 1) {
    const [theirs, ours] = [await byPgRestore(cluster, backups), await byUs(cluster, backups)];
    samples.pg_restore.push(theirs);
    samples.ours.push(ours);
    say(
      `PostgreSQL ${cluster.major}: pg_restore ${theirs.seconds.toFixed(1)} s, ours ${ours.seconds.toFixed(1)} s`,
    );
  }
  return { server: cluster.major, databaseMb, stagingMb: 0, s3: false, compression, samples };
}

async function byPgRestore(cluster: Cluster, backups: string): Promise<Sample> {
  const dump = finishedFiles(backups).find((file) => file.endsWith('.dump'));
  await cluster.psql('postgres', 'CHECKPOINT');
  const script =
    '"$PG_BIN/createdb" --template=template0 bench_restored && "$PG_BIN/pg_restore" --jobs="$JOBS" --no-owner --exit-on-error --dbname=bench_restored "$DUMP"';
  const env = {
    ...cluster.client.environment,
    PG_BIN: cluster.binDir,
    JOBS: String(availableParallelism()),
    DUMP: dump,
  };
  const { measured } = await measure({ file: 'sh', args: ['-c', script], env });
  const bytes = await sizeOf(cluster, 'bench_restored');
  await cluster.dropDatabase('bench_restored');
  return { ...measured, bytes };
}

async function byUs(cluster: Cluster, backups: string): Promise<Sample> {
  await cluster.psql('postgres', 'CHECKPOINT');
  const { measured } = await measure(
    geolensBackup(
      ['restore', 'latest', '--yes', '--no-staging', '--json'],
      settingsFor({ cluster, backups }),
    ),
  );
  const bytes = await sizeOf(cluster, 'geolens');
  const previous = await cluster.psql(
    'postgres',
    "SELECT datname FROM pg_database WHERE datname LIKE 'geolens_before_%'",
  );
  for (const name of previous.split('\n').filter(Boolean)) await cluster.dropDatabase(name);
  return { ...measured, bytes };
}

async function sizeOf(cluster: Cluster, database: string): Promise<number> {
  return Number(await cluster.psql('postgres', `SELECT pg_database_size('${database}')`));
}
