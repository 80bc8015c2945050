import { availableParallelism } from 'node:os';
import {
  throwIfAborted,
  type DumpRestorer,
  type RestoreSession,
  type RestoreSessionOptions,
} from '@geolens/backup-core';
import { Stall } from '@geolens/backup-core/internal';
import { whereabouts } from '../connection/postgres-errors.ts';
import { findInstallations } from '../connection/postgres-programs.ts';
import { ServerActivity } from '../connection/server-activity.ts';
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
    const { connection, stall: limit } = this.options;
    let activity: ServerActivity | undefined;
    const stall =
      limit &&
      new Stall(limit, {
        what: `the restore (${whereabouts({ ...connection, database })})`,
        working: async (ended) => (await activity?.isWorking(ended)) === true,
      });
    const opening = (): Promise<PgRestoreSession> =>
      this.openWatched(database, options, stall, ({ maintenance }) => {
        activity = new ServerActivity({ ...connection, database: maintenance });
      });
    return stall === undefined ? opening() : stall.during(opening);
  }

  private async openWatched(
    database: string,
    options: RestoreSessionOptions,
    stall: Stall | undefined,
    onServer: (server: Server) => void,
  ): Promise<PgRestoreSession> {
    const installations = await findInstallations(this.options);
    const { connection, env } = this.options;
    const signal = stall === undefined ? options.signal : AbortSignal.any([options.signal, stall.signal]);
    const server = await Server.open(database, {
      connection,
      env,
      installations,
      signal,
      stalled: stall?.signal,
    });
    onServer(server);
    const session = new PgRestoreSession({
      server,
      database,
      installations,
      options: this.options,
      sessions: this.options.jobs ?? availableParallelism(),
      ...options,
      signal,
      stall,
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
