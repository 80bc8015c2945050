import { rmSync } from 'node:fs';
import { ClusterClient, type Sql } from './cluster-client.ts';
import type { ClusterFolder } from './cluster-folder.ts';
import type { PostgresPrograms } from './postgres-programs.ts';
import { startServer, type PostgresServer } from './postgres-server.ts';
import type { ServerUser } from './server-user.ts';

/** A running throw-away cluster. */
export class Cluster {
  readonly host = '127.0.0.1';
  readonly user = 'geolens';
  readonly port: number;
  readonly password: string | undefined;
  readonly socketDir: string;
  readonly dataDir: string;
  readonly logFile: string;
  readonly binDir: string;
  readonly major: number;
  /** Whether the server has pgvector. */
  readonly vector: boolean;
  readonly client: ClusterClient;
  readonly #folder: ClusterFolder;
  readonly #serverUser: ServerUser | undefined;
  readonly #atExit = (): void => {
    this.#abandon();
  };
  #server: PostgresServer;
  #stopped: Promise<void> | undefined;

  constructor(
    programs: PostgresPrograms,
    folder: ClusterFolder,
    serverUser: ServerUser | undefined,
    server: PostgresServer,
    port: number,
    password: string | undefined,
  ) {
    this.port = port;
    this.password = password;
    this.socketDir = folder.socketDir;
    this.dataDir = folder.dataDir;
    this.logFile = folder.logFile;
    this.binDir = programs.binDir;
    this.major = programs.major;
    this.vector = programs.vector;
    this.client = new ClusterClient(programs.binDir, this);
    this.#folder = folder;
    this.#serverUser = serverUser;
    this.#server = server;
    process.once('exit', this.#atExit);
  }

  /** Process id of the server; another one after `restart`. */
  get pid(): number {
    return this.#server.pid;
  }

  /** Connection URL of a database, with the password if there is one. */
  url(database: string): string {
    const secret = this.password === undefined ? '' : `:${encodeURIComponent(this.password)}`;
    return `postgresql://${this.user}${secret}@${this.host}:${this.port}/${encodeURIComponent(database)}`;
  }

  /** Makes a database; with `template`, a copy of that one, which nobody may be connected to. */
  async createDatabase(name: string, options: { readonly template?: string } = {}): Promise<void> {
    const template = options.template === undefined ? '' : ` TEMPLATE ${quoted(options.template)}`;
    await this.psql('postgres', `CREATE DATABASE ${quoted(name)}${template}`);
  }

  /** Removes a database and ends its sessions. One that is not there is no error. */
  async dropDatabase(name: string): Promise<void> {
    await this.psql(
      'postgres',
      `SET client_min_messages = error; DROP DATABASE IF EXISTS ${quoted(name)} WITH (FORCE)`,
    );
  }

  /** See {@link ClusterClient.psql}. */
  psql(database: string, sql: Sql): Promise<string> {
    return this.client.psql(database, sql);
  }

  /**
   * Ends every session, shuts the server down and starts it again on the same port.
   * @param how `SIGINT`: cleanly; `SIGQUIT`: as it would crash
   * @param meanwhile what is done while it is away
   */
  async restart(
    how: 'SIGINT' | 'SIGQUIT' = 'SIGINT',
    meanwhile: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<void> {
    await this.#server.end(how);
    await meanwhile();
    this.#server = await startServer(this.binDir, this.dataDir, this.logFile, this.#serverUser);
  }

  /** Shuts the server down at once and removes the cluster's folder. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#server.end('SIGQUIT').then(() => {
      this.#abandon();
    });
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #abandon(): void {
    process.off('exit', this.#atExit);
    this.#server.endNow();
    rmSync(this.#folder.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
