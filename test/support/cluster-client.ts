import { join } from 'node:path';
import { runProgram, type RunOptions } from './run-program.ts';

/** SQL text, or a file of it with the psql variables that it expects. */
export type Sql =
  | string
  | { readonly file: string; readonly variables?: Readonly<Record<string, string | number>> };

/** The client programs of one installation, run against one server as its superuser. */
export class ClusterClient {
  /** The environment that client programs find the server by: no PG* variable of this process is in it. */
  readonly environment: NodeJS.ProcessEnv;
  readonly #binDir: string;

  constructor(
    binDir: string,
    server: { host: string; port: number; user: string; password: string | undefined },
  ) {
    this.#binDir = binDir;
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'));
    this.environment = {
      ...Object.fromEntries(inherited),
      LC_ALL: 'C',
      PGHOST: server.host,
      PGPORT: String(server.port),
      PGUSER: server.user,
      PGCONNECT_TIMEOUT: '10',
    };
    if (server.password !== undefined) this.environment['PGPASSWORD'] = server.password;
  }

  /**
   * Runs a client program such as `pg_dump` and gives its standard output; rejects with its standard error.
   */
  run(program: string, args: readonly string[], options: Omit<RunOptions, 'env'> = {}): Promise<string> {
    return runProgram(join(this.#binDir, program), args, { ...options, env: this.environment });
  }

  /**
   * Runs statements, each in its own transaction, up to the first error. Gives the rows: columns parted by
   * `|`, no header.
   */
  async psql(database: string, sql: Sql): Promise<string> {
    const source = typeof sql === 'string' ? '-' : sql.file;
    const variables =
      typeof sql === 'string'
        ? []
        : Object.entries(sql.variables ?? {}).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
    const args = [
      '-X',
      '-q',
      '-A',
      '-t',
      '-v',
      'ON_ERROR_STOP=1',
      ...variables,
      '-d',
      connection(database),
      '-f',
      source,
    ];
    const output = await this.run('psql', args, typeof sql === 'string' ? { input: sql } : {});
    return output.replace(/\n$/, '');
  }
}

/** psql reads a plain `a=b` or `postgresql://…` as connection settings; here it is always a name. */
function connection(database: string): string {
  return `dbname='${database.replace(/['\\]/g, '\\$&')}'`;
}
