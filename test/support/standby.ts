import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Cluster } from './cluster.ts';
import { ClusterClient } from './cluster-client.ts';
import { makeClusterFolder, writeSettings } from './cluster-folder.ts';
import { freePort } from './free-port.ts';
import { startServer } from './postgres-server.ts';
import { runProgram } from './run-program.ts';
import { asServerUser, serverUser } from './server-user.ts';
import { rm } from 'node:fs/promises';

/** Settings that a cluster needs to have a standby. */
export const PRIMARY_SETTINGS = { wal_level: 'replica', max_wal_senders: '5' } as const;

/** A hot standby of a cluster. */
export interface Standby {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly binDir: string;
  readonly client: ClusterClient;
}

/** Makes a hot standby that has everything that the cluster has at this moment, for the test that runs. */
export async function standbyOf({ host, port, user, binDir }: Cluster): Promise<Standby> {
  const osUser = serverUser();
  const folder = makeClusterFolder(osUser);
  onTestFinished(() => rm(folder.path, { recursive: true, force: true, maxRetries: 5 }));
  const [command, args] = asServerUser(osUser, join(binDir, 'pg_basebackup'), [
    ...['--host', host, '--port', String(port), '--username', user],
    ...['--pgdata', folder.dataDir, '--write-recovery-conf', '--wal-method=stream', '--checkpoint=fast'],
  ]);
  await runProgram(command, args, { env: { PATH: process.env['PATH'], LC_ALL: 'C' } });
  const ownPort = await freePort();
  await writeSettings(folder, { ...PRIMARY_SETTINGS, port: String(ownPort) });
  const server = await startServer(binDir, folder.dataDir, folder.logFile, osUser);
  onTestFinished(() => server.end('SIGQUIT'));
  const client = new ClusterClient(binDir, { host, port: ownPort, user, password: undefined });
  return { host, port: ownPort, user, binDir, client };
}
