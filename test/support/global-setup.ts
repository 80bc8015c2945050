import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import type { Cluster } from './cluster.ts';
import type { ClusterFacts } from './clusters.ts';
import { clearFaketimeOrphans } from './faketime-orphans.ts';
import { startGateway, type Gateway, type GatewayFacts } from './gateway.ts';
import { startCluster } from './postgres-cluster.ts';
import { ensureTrixie } from './trixie.ts';

/** The database that tests copy: `createDatabase(name, { template: TEMPLATE })`. */
const TEMPLATE = 'geolens_template';

const SCHEMA = fileURLToPath(new URL('../fixtures/geolens.sql', import.meta.url));

declare module 'vitest' {
  interface ProvidedContext {
    clusters: readonly ClusterFacts[];
    /** Why there is no second, newer server; undefined when there is one. */
    missingServer: string | undefined;
    gateway: GatewayFacts | undefined;
    /** Why there is no S3 server; undefined when there is one. */
    missingGateway: string | undefined;
    /** Where the packages are installed from their tarballs, by the first test that asks for them. */
    packagesFolder: string;
  }
}

/**
 * Starts the servers that all integration tests share: the machine's own, PostgreSQL 17 and an S3 gateway
 * where these can be had.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  clearFaketimeOrphans();
  const [gateway, clusters] = await Promise.all([startGateway(), startClusters(project)]);
  project.provide('clusters', clusters.map(factsOf));
  project.provide('gateway', 'stop' in gateway ? gatewayFactsOf(gateway) : undefined);
  project.provide('missingGateway', 'unavailable' in gateway ? gateway.unavailable : undefined);
  const packagesFolder = join(tmpdir(), `geolens-packages-${process.pid}`);
  project.provide('packagesFolder', packagesFolder);
  return async () => {
    await rm(packagesFolder, { recursive: true, force: true });
    if ('stop' in gateway) await gateway.stop();
    for (const cluster of clusters) await cluster.stop();
    clearFaketimeOrphans();
  };
}

async function startClusters(project: TestProject): Promise<readonly Cluster[]> {
  const clusters: Cluster[] = [await loadedCluster({})];
  const trixie = await ensureTrixie({
    log: (line) => {
      console.log(line);
    },
  });
  if ('binDir' in trixie && clusters[0]!.major < 17)
    clusters.push(await loadedCluster({ binDir: trixie.binDir }));
  project.provide('missingServer', 'unavailable' in trixie ? trixie.unavailable : undefined);
  return clusters;
}

async function loadedCluster(options: { readonly binDir?: string }): Promise<Cluster> {
  const cluster = await startCluster(options);
  await cluster.createDatabase(TEMPLATE);
  await cluster.psql(TEMPLATE, { file: SCHEMA });
  return cluster;
}

function factsOf(cluster: Cluster): ClusterFacts {
  const { host, port, user, binDir, major, vector } = cluster;
  return { host, port, user, binDir, major, vector, template: TEMPLATE };
}

function gatewayFactsOf({ endpoint, accessKeyId, secretAccessKey, stranger }: Gateway): GatewayFacts {
  return { endpoint, accessKeyId, secretAccessKey, stranger };
}
