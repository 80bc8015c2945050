import type { RestoreInput, RestorerEvent, StallLimit } from '@geolens/backup-core';
import type { Stall } from '@geolens/backup-core/internal';
import type { ProgramEnvironment } from '@geolens/backup-system';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import type { PostgresPrograms } from '../connection/postgres-programs.ts';
import type { Preparation, Prerequisites } from './prepare.ts';
import type { Server } from './server.ts';

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
  /** How long the server may make no progress; without end when absent. */
  readonly stall?: StallLimit | undefined;
  /** Whether a database that was restored aside gets statistics for the planner; true when absent. */
  readonly statistics?: boolean | undefined;
  /**
   * Whether user mappings are restored, and materialized views over foreign tables filled: both need other
   * servers. Defaults to true.
   */
  readonly foreignServers?: boolean | undefined;
  /** The name of the database that is filled beside the live one; one with the time when absent. */
  readonly asideName?: string | undefined;
}

/** What every step of a restore works with. */
export interface SessionParts {
  readonly server: Server;
  readonly database: string;
  readonly installations: readonly PostgresPrograms[];
  readonly options: PgDumpRestorerOptions;
  /** How many sessions may work on the server at once. */
  readonly sessions: number;
  /** Fires when the restore is stopped, and when it stalls. */
  readonly signal: AbortSignal;
  /** Watches the work of the session; none where it may wait without end. */
  readonly stall?: Stall | undefined;
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
}

/** What every step of one restore works with: the session, the set, and what the set holds. */
export interface RestoreJob extends SessionParts, Preparation {
  readonly input: RestoreInput;
}
