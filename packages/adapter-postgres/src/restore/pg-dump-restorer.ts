import { availableParallelism } from 'node:os';
import {
  throwIfAborted,
  type DumpRestorer,
  type RestoreSession,
  type RestoreSessionOptions,
} from '@geolens/backup-core';
import { findInstallations } from '../connection/postgres-programs.ts';
import { PgRestoreSession } from './pg-restore-session.ts';
import { Server } from './server.ts';
import type { PgDumpRestorerOptions } from './session-parts.ts';

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
      if (options.exclusive) await session.acquireExclusiveLock();
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  }
}
