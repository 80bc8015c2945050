import type { Cluster } from '../test/support/cluster.ts';
import { findPostgresPrograms } from '../test/support/postgres-programs.ts';
import { startCluster } from '../test/support/postgres-cluster.ts';
import { ensureTrixie } from '../test/support/trixie.ts';
import { say } from './say.ts';
import { fillDatabase } from './yardstick.ts';

/** The folders of programs of the asked versions that can be had here. */
export async function binDirsOf(majors: readonly number[]): Promise<readonly [string, ...string[]]> {
  const found: string[] = [];
  for (const major of majors) {
    const native = findPostgresPrograms().find((programs) => programs.major === major)?.binDir;
    const trixie = native === undefined && major === 17 ? await ensureTrixie({ log: say }) : undefined;
    const binDir = native ?? (trixie && 'binDir' in trixie ? trixie.binDir : undefined);
    if (binDir !== undefined) found.push(binDir);
    else
      say(
        `PostgreSQL ${major} is left out: ${trixie && 'unavailable' in trixie ? trixie.unavailable : 'it is not installed with PostGIS'}`,
      );
  }
  const [first, ...others] = found;
  if (first === undefined) throw new Error('none of the servers asked for can be had');
  return [first, ...others];
}

/** Does some work with a server that has the baseline database, and ends the server. */
export async function withYardstick<T>(
  binDir: string,
  databaseMb: number,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  await using cluster = await startCluster({ binDir });
  say(`PostgreSQL ${cluster.major}: making a database of ${databaseMb} MB`);
  await fillDatabase(cluster, databaseMb);
  return await work(cluster);
}
