import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterFacts } from '../../../support/clusters.ts';
import { startCluster, type Cluster } from '../../../support/postgres-cluster.ts';
import type { Place as Database } from '../producers.ts';
import { attemptFunction, placeStatements } from './code.ts';
import { EXPRESSION_PLACES, LITERAL_PLACES } from './expression-places.ts';
import { AS_APP, AS_SUPERUSER, type Place } from './place.ts';
import { Recorder } from './recorder.ts';
import { OTHER_PLACES, RELATION_PLACES } from './relation-places.ts';

/** Only what is recorded is in the log. */
const SETTINGS = { log_error_verbosity: 'terse', log_min_error_statement: 'panic' };

/** The places that a server has, each with its index. */
export function placesOf({ major }: Pick<ClusterFacts, 'major'>): readonly (Place & { index: number })[] {
  return [...EXPRESSION_PLACES, ...LITERAL_PLACES, ...RELATION_PLACES, ...OTHER_PLACES]
    .filter(({ lastMajor = major }) => major <= lastMajor)
    .map((place, index) => ({ ...place, index }));
}

/** A server with a database `source`, which has the code of an unprivileged role in all places. */
export class HostileServer implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly recorder: Recorder;

  private constructor(cluster: Cluster, recorder: Recorder) {
    this.cluster = cluster;
    this.recorder = recorder;
  }

  static async start({ binDir, major }: Pick<ClusterFacts, 'binDir' | 'major'>): Promise<HostileServer> {
    const cluster = await startCluster({ binDir, settings: SETTINGS });
    const server = new HostileServer(cluster, await Recorder.start(cluster.logFile));
    try {
      await cluster.createDatabase('source');
      await cluster.psql('source', contentOf(server.recorder, placesOf({ major })));
      await setSearchPath(cluster, 'source');
      await server.recorder.take();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes a copy of the database, which no session may be connected to. */
  async copy(database: string): Promise<Database> {
    await this.cluster.createDatabase(database, { template: 'source' });
    await setSearchPath(this.cluster, database);
    return this.database(database);
  }

  database(database: string): Database {
    const { host, port, user, binDir } = this.cluster;
    return { host, port, user, binDir, database };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.stop();
    await this.recorder[Symbol.asyncDispose]();
  }
}

/**
 * Makes a folder of programs whose server writes its log to a file too: a restore test keeps only the end of
 * the log, in memory.
 */
export async function programsThatLog({ cluster: { binDir }, recorder }: HostileServer): Promise<string> {
  const folder = join(recorder.folder, 'bin');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  for (const name of await readdir(binDir))
    if (name !== 'postgres') await symlink(join(binDir, name), join(folder, name));
  const script = `#!/bin/bash\nexec '${join(binDir, 'postgres')}' "$@" 2> >(exec tee -a '${recorder.testLog}' >&2)\n`;
  await writeFile(join(folder, 'postgres'), script, { mode: 0o755 });
  return folder;
}

async function setSearchPath(cluster: Cluster, database: string): Promise<void> {
  await cluster.psql('postgres', `ALTER DATABASE ${database} SET search_path = app, public`);
}

function contentOf({ target }: Recorder, places: readonly (Place & { index: number })[]): string {
  return `CREATE ROLE app LOGIN; CREATE ROLE tenant LOGIN; CREATE ROLE bystander LOGIN;
    CREATE SCHEMA app AUTHORIZATION app; GRANT USAGE ON SCHEMA app TO tenant; CREATE SCHEMA bystander AUTHORIZATION bystander;
    CREATE TABLE bystander.secret AS SELECT 1 AS id; ALTER TABLE bystander.secret OWNER TO bystander;
    SELECT lo_create(4343); ALTER LARGE OBJECT 4343 OWNER TO bystander;
    CREATE FUNCTION public.privileged() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN END'; REVOKE ALL ON FUNCTION public.privileged() FROM PUBLIC;
    CREATE EXTENSION postgres_fdw; CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw; GRANT USAGE ON FOREIGN SERVER elsewhere TO app;
    ${AS_APP} ${attemptFunction(target)}
    CREATE FUNCTION app.named_without_schema() RETURNS void LANGUAGE sql AS '';
    ${places.map((place) => placeStatements(place, place.index)).join('')} ${AS_SUPERUSER}`;
}
