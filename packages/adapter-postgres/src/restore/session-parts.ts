import type { RestoreInput, RestorerEvent, StallLimit } from '@geolens/backup-core';
import type { Stall } from '@geolens/backup-core/internal';
import type { ProgramEnvironment } from '@geolens/backup-system';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import type { PostgresPrograms } from '../connection/postgres-programs.ts';
import type { Preparation, Prerequisites } from './prepare.ts';
import type { Server } from './server.ts';

/** Where to restore dumps, and with which programs. */
export interface PgDumpRestorerOptions {
  /** Connection to the server. The caller names the database when it opens a restore. */
  readonly connection: ConnectionSettings;
  readonly binDir?: string | undefined;
  /** Environment of the programs; it must have PATH. */
  readonly env: ProgramEnvironment;
  /** Objects that must exist before the dump, besides its own. The restore creates missing ones. */
  readonly prerequisites?: Partial<Prerequisites> | undefined;
  /** Number of parallel restore sessions. Defaults to the number of processors. */
  readonly jobs?: number | undefined;
  /** How long the server may make no progress. Defaults to no limit. */
  readonly stall?: StallLimit | undefined;
  /** Whether a database restored aside gets planner statistics. Defaults to true. */
  readonly statistics?: boolean | undefined;
  /**
   * Whether to restore user mappings and to fill materialized views over foreign tables: both need other
   * servers. Defaults to true.
   */
  readonly foreignServers?: boolean | undefined;
  /** Name of the database that is filled beside the live one. Defaults to a name with the time. */
  readonly asideName?: string | undefined;
}

/** Parts that every step of a restore uses. */
export interface SessionParts {
  readonly server: Server;
  readonly database: string;
  readonly installations: readonly PostgresPrograms[];
  readonly options: PgDumpRestorerOptions;
  /** Maximum number of parallel sessions on the server. */
  readonly sessions: number;
  /** Fires if the restore is stopped or stalls. */
  readonly signal: AbortSignal;
  /** Detects a stalled session; `undefined` if it may wait without limit. */
  readonly stall?: Stall | undefined;
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
}

/** Parts that every step of one restore uses: the session, the set and its content. */
export interface RestoreJob extends SessionParts, Preparation {
  readonly input: RestoreInput;
  /** Number of entries restored so far, by all calls of pg_restore. */
  readonly restored: { entries: number };
}
