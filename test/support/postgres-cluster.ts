import { rmSync } from 'node:fs';
import { Cluster } from './cluster.ts';
import { initialiseCluster, makeClusterFolder, writeSettings, type ClusterFolder } from './cluster-folder.ts';
import { freePort } from './free-port.ts';
import { describePrograms, findPostgresPrograms, type PostgresPrograms } from './postgres-programs.ts';
import { startServer, type PostgresServer } from './postgres-server.ts';
import { serverUser, type ServerUser } from './server-user.ts';

export interface ClusterOptions {
  /**
   * Folder of the server's and clients' programs; default: the newest installed PostgreSQL that has PostGIS.
   */
  readonly binDir?: string;
  /**
   * `scram`: the superuser needs a password, which has characters that a URL must escape. Default: `trust`.
   */
  readonly auth?: 'trust' | 'scram';
  /** Server settings, over those that make a test cluster fast. */
  readonly settings?: Readonly<Record<string, string>>;
}

export type { Cluster };

const START_ATTEMPTS = 4;
const PASSWORD = 'p@ss:w/rd #1? 100%&=\\';

/**
 * Starts a throw-away PostgreSQL cluster in a new temporary folder; its superuser is `geolens`.
 * The server ends with the thread that started it, whatever ends that; `stop` also removes the folder.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const programs =
    options.binDir === undefined ? findPostgresPrograms()[0] : describePrograms(options.binDir);
  if (!programs)
    throw new Error(
      `no PostgreSQL server with PostGIS in ${options.binDir ?? '/usr/lib/postgresql'}: install the packages postgresql and postgresql-postgis`,
    );
  const user = serverUser();
  const folder = makeClusterFolder(user);
  const password = options.auth === 'scram' ? PASSWORD : undefined;
  try {
    await initialiseCluster(programs.binDir, folder, user, 'geolens', password);
    const { server, port } = await startOnFreePort(programs, folder, user, options.settings ?? {});
    return new Cluster(programs, folder, user, server, port, password);
  } catch (cause) {
    rmSync(folder.path, { recursive: true, force: true });
    throw cause;
  }
}

async function startOnFreePort(
  programs: PostgresPrograms,
  folder: ClusterFolder,
  user: ServerUser | undefined,
  settings: Readonly<Record<string, string>>,
): Promise<{ server: PostgresServer; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    await writeSettings(folder, { ...settings, port: String(port) });
    try {
      return { server: await startServer(programs.binDir, folder.dataDir, folder.logFile, user), port };
    } catch (error) {
      if (attempt === START_ATTEMPTS || !String(error).includes('Address already in use')) throw error;
    }
  }
}
