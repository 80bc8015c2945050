import { onTestFinished } from 'vitest';
import type { ClusterFacts } from '../../support/clusters.ts';
import { startCluster, type Cluster } from '../../support/postgres-cluster.ts';
import type { Place } from './producers.ts';

/** Starts a server for the test that runs: roles are those of all databases. */
export async function ownServer({ binDir }: Pick<ClusterFacts, 'binDir'>): Promise<Cluster> {
  const cluster = await startCluster({ binDir });
  onTestFinished(() => cluster.stop());
  return cluster;
}

/** Its database `app`. */
export function placeOn({ host, port, user, binDir }: Cluster): Place {
  return { host, port, user, binDir, database: 'app' };
}
