import { availableParallelism } from 'node:os';
import {
  throwIfAborted,
  type DumpRestorer,
  type RestoreSession,
  type RestoreSessionOptions,
} from '@geolens/backup-core';
import type { ProgramEnvironment } from '../../programs/program.ts';
import type { ConnectionSettings } from '../connection-settings.ts';
import { findInstallations } from '../postgres-programs.ts';
import type { Prerequisites } from './prepare.ts';
import { PgRestoreSession } from './pg-restore-session.ts';
import { Server } from './server.ts';

/** Where dumps are restored, with which programs. */
export interface PgDumpRestorerOptions {
  /** How to reach the server; which of its databases is named when a restore is opened. */
  readonly connection: ConnectionSettings;
  readonly binDir?: string | undefined;
  /** What programs get as their environment: PATH at least. */
  readonly env: ProgramEnvironment;
  /** What has to be there before the dump, besides what it makes itself; made where it is missing. */
  readonly prerequisites?: Partial<Prerequisites> | undefined;
  /** How many sessions restore at once; the number of processors of this machine when absent. */
  readonly jobs?: number | undefined;
  /** Whether a database that was restored aside gets statistics for the planner; true when absent. */
  readonly statistics?: boolean | undefined;
}

/** Restores dumps of PostgreSQL databases with pg_restore. */
export class PgDumpRestorer implements DumpRestorer {
  private readonly options: PgDumpRestorerOptions;

  constructor(options: PgDumpRestorerOptions) {
    this.options = options;
  }

  async open(database: string, options: RestoreSessionOptions): Promise<RestoreSession> {
    throwIfAborted(options.signal);
    const installations = await findInstallations(this.options);
    const { connection, env } = this.options;
    const server = await Server.open(database, { connection, env, installations, signal: options.signal });
    const session = new PgRestoreSession({
      server,
      database,
      installations,
      options: this.options,
      sessions: this.options.jobs ?? availableParallelism(),
      ...options,
    });
    try {
      if (options.exclusive) await session.beAlone();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }
}
