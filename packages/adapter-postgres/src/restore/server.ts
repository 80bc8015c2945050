import type pg from 'pg';
import { abortedBy, BackupError, throwIfAborted } from '@geolens/backup-core';
import type { ProgramEnvironment } from '@geolens/backup-system';
import { connect, disconnect } from '../connection/connection.ts';
import { libpqEnvironment, withoutConnection, watched } from '../connection/program-connection.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { oneRow, configure, UNHINDERED, majorOf, SERVER_VERSION } from '../connection/queries.ts';
import { codeOf, connectionError, postgresError } from '../connection/postgres-errors.ts';
import { programsFor, type PostgresPrograms } from '../connection/postgres-programs.ts';
import { withClient } from '../connection/session.ts';

/** Databases of every server. The session uses one while the target is created, renamed or dropped. */
const MAINTENANCE = ['postgres', 'template1'];

/**
 * Major version that introduced a setting. Sessions get the settings with their connection: a timeout of the
 * role could otherwise end a session before its first statement, or while it waits for work.
 */
const SINCE: Readonly<Partial<Record<keyof typeof UNHINDERED, number>>> = {
  idle_session_timeout: 14,
  transaction_timeout: 17,
};

/** SQLSTATEs if the database does not exist, or this role may not connect to it. */
const NOT_THIS_DATABASE = ['3D000', '42501', '28000'];
/** Milliseconds to undo a restore. The next restore or run removes the rest. */
const UNDO_WITHIN_MS = 60_000;

export interface ServerOptions {
  readonly connection: ConnectionSettings;
  readonly env: ProgramEnvironment;
  readonly installations: readonly PostgresPrograms[];
  readonly signal: AbortSignal;
  /** Fires when the server stops responding. */
  readonly stalled?: AbortSignal | undefined;
}

/** User, password and options of a session. */
export type Credentials = Pick<ConnectionSettings, 'user' | 'password' | 'options'>;

/** The target server, through a session in a database that stays unchanged. */
export class Server {
  client: pg.Client;
  /** For example `15.18`. */
  readonly version: string;
  readonly major: number;
  /** Client programs that match the server. */
  readonly programs: PostgresPrograms;
  readonly superuser: boolean;
  readonly createDb: boolean;
  readonly createRole: boolean;
  readonly user: string;
  /** Database of this session. */
  readonly maintenance: string;
  private readonly options: ServerOptions;
  private reconnected = false;

  private constructor(client: pg.Client, facts: Facts, options: ServerOptions) {
    this.client = client;
    this.options = options;
    this.version = facts.version;
    this.major = majorOf(facts.version);
    this.programs = programsFor(facts.version, options.installations);
    this.superuser = facts.superuser;
    this.createDb = facts.create_db;
    this.createRole = facts.create_role;
    this.user = facts.user;
    this.maintenance = facts.database;
    options.stalled?.addEventListener('abort', () => void disconnect(this.client), { once: true });
  }

  static async open(database: string, options: ServerOptions): Promise<Server> {
    const client = await openMaintenance(database, options);
    const leave = (): void => void disconnect(client);
    options.stalled?.addEventListener('abort', leave, { once: true });
    try {
      await configure(client, UNHINDERED);
      const { rows } = await client.query<Facts>(FACTS);
      return new Server(client, oneRow(rows), options);
    } catch (error) {
      await disconnect(client);
      throwIfAborted(options.signal);
      throw postgresError(error, 'asking the server what it is', options.connection);
    } finally {
      options.stalled?.removeEventListener('abort', leave);
    }
  }

  /** Returns the settings for connecting to another database of the server. */
  settings(database: string): ConnectionSettings {
    const { options } = this.options.connection;
    return { ...this.options.connection, database, options: this.unhindered(options) };
  }

  /** Returns options of a connection, with the settings that the server knows. */
  private unhindered(options = ''): string {
    const known = Object.entries(UNHINDERED).filter(
      ([name]) => this.major >= (SINCE[name as keyof typeof UNHINDERED] ?? 0),
    );
    return [options, ...known.map(([name, value]) => `-c ${name}=${value}`)].join(' ').trim();
  }

  /**
   * Returns the environment of a client program that works on a database. The server ends its session soon
   * after it is killed.
   * @param credentials role that it connects as; defaults to the restoring role
   */
  env(
    database: string,
    { user, password, options }: Credentials = this.options.connection,
  ): ProgramEnvironment {
    const env: ProgramEnvironment = {
      ...this.options.env,
      LC_ALL: 'C',
      ...libpqEnvironment({ ...this.settings(database), user, password, options: this.unhindered(options) }),
    };
    return watched(env, this.version);
  }

  /** Environment of a client program that only reads files. */
  get fileEnv(): ProgramEnvironment {
    return { ...withoutConnection(this.options.env), LC_ALL: 'C' };
  }

  /** Runs work in a session of its own, in any database of the server. */
  async within<T>(database: string, doing: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const settings = this.settings(database);
    return withClient(settings, this.options.signal, async (client) => {
      try {
        await configure(client, UNHINDERED);
        return await work(client);
      } catch (error) {
        throw restoreError(error, doing, settings);
      }
    });
  }

  /**
   * Executes a statement in the maintenance session. The signal does not end it, because undoing needs it
   * too. If the server stops responding, opens a new session with a limit of one minute.
   */
  async ask<T extends pg.QueryResultRow>(
    doing: string,
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<readonly T[]> {
    const stalled = this.options.stalled?.aborted === true;
    try {
      if (stalled && !this.reconnected) await this.reconnect();
      const text = { text: sql, values: [...values], ...(stalled && { query_timeout: UNDO_WITHIN_MS }) };
      return (await this.client.query<T>(text)).rows;
    } catch (error) {
      throw restoreError(error, doing, this.options.connection);
    }
  }

  private async reconnect(): Promise<void> {
    this.client = await connect(this.settings(this.maintenance));
    this.reconnected = true;
    await configure(this.client, UNHINDERED);
  }

  /** Executes a query with one column, as `ask` does, and returns its values. */
  async values<T = string>(doing: string, sql: string, values?: readonly unknown[]): Promise<readonly T[]> {
    return (await this.ask<Record<string, T>>(doing, sql, values)).flatMap((row) => Object.values(row));
  }

  roles(): Promise<readonly string[]> {
    return this.values('asking for roles', 'SELECT rolname FROM pg_catalog.pg_roles');
  }

  async exists(database: string): Promise<boolean> {
    const sql = 'SELECT FROM pg_catalog.pg_database WHERE datname = $1';
    return (await this.ask('looking for a database', sql, [database])).length > 0;
  }

  close(): Promise<void> {
    return disconnect(this.client);
  }
}

/** Converts an error as postgresError does; errors without their own code become a failed restore. */
export function restoreError(error: unknown, doing: string, settings: ConnectionSettings): BackupError {
  const known = postgresError(error, doing, settings);
  if (known.code === 'DATABASE_FORBIDDEN')
    return new BackupError(known.code, known.message, {
      cause: error,
      hint: 'Restore as a superuser, or grant the right',
    });
  const { code, message, hint } = known;
  if (code === 'TABLES_BUSY') return new BackupError('RESTORE_FAILED', message, { cause: error });
  return code === 'DUMP_FAILED' ? new BackupError('RESTORE_FAILED', message, { cause: error, hint }) : known;
}

interface Facts {
  readonly version: string;
  readonly user: string;
  readonly database: string;
  readonly superuser: boolean;
  readonly create_db: boolean;
  readonly create_role: boolean;
}

const FACTS = `
  SELECT ${SERVER_VERSION} AS version, rolname AS user, pg_catalog.current_database() AS database,
         rolsuper AS superuser, rolsuper OR rolcreatedb AS create_db, rolsuper OR rolcreaterole AS create_role
    FROM pg_catalog.pg_roles WHERE rolname = current_user`;

async function openMaintenance(database: string, { connection, signal }: ServerOptions): Promise<pg.Client> {
  const candidates = [...MAINTENANCE.filter((name) => name !== database), connection.database];
  let first: unknown;
  for (const name of candidates) {
    try {
      return await connect({ ...connection, database: name }, signal);
    } catch (error) {
      if (signal.aborted) throw abortedBy(signal);
      first ??= error;
      if (!NOT_THIS_DATABASE.includes(codeOf(error) ?? '')) break;
    }
  }
  throw connectionError(first, { ...connection, database: candidates[0] ?? connection.database });
}
