import type { Manifest, TableRows } from '../model/manifest.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactContent } from './artifact-store.ts';

/** Input of a database restore. The caller has already checked the bytes. */
export interface RestoreInput {
  readonly dump: ArtifactContent;
  /** Roles, owners and grants. `undefined` if the set has none. */
  readonly globals: ArtifactContent | undefined;
  readonly manifest: Manifest | undefined;
  /**
   * Whether created roles get the server-wide privileges that the set names. These are superuser, replication
   * and similar attributes, passwords, and memberships in privileged roles. Only for a set that no other
   * program can have written.
   */
  readonly privilegedRoles: boolean;
  /**
   * Whether the restore continues if objects cannot be created. `Restored.incomplete` then lists them.
   * Defaults to false: the restore fails, and the error lists them in `details.problems`.
   */
  readonly keepGoing?: boolean | undefined;
}

/** Tables to restore completely. */
export interface TableSelection {
  /**
   * Names as the operator writes them: `catalog.datasets`, with SQL double quotes where a name needs them.
   */
  readonly tables: readonly string[];
  /** Schemas whose dumped tables are all restored. */
  readonly schemas: readonly string[];
  /**
   * Restores missing objects that depend on the tables: foreign keys of other tables, views, functions of row
   * types and so on. Never restores other tables or their columns. Defaults to false: such objects are listed
   * in `Restored.incomplete`.
   */
  readonly withDependents?: boolean | undefined;
}

/**
 * Target of a restore.
 *
 * - `aside`: a new database beside the live one, which then takes its name; all or nothing;
 * - `in-place`: the live database, object by object, if no second database can be created;
 * - `tables`: some tables of the live database, in one transaction.
 */
export type RestoreMode =
  | { readonly kind: 'aside' }
  | { readonly kind: 'in-place' }
  | ({ readonly kind: 'tables' } & TableSelection);

/** Result of inspecting a dump and the server before the first change. */
export interface Inspection {
  /** Obstacles, one sentence each, with a hint. Empty if there are none. */
  readonly problems: readonly string[];
  /** Estimated problems; `force` overrides them. */
  readonly estimatedProblems: readonly string[];
  /** Tolerable irregularities. */
  readonly warnings: readonly string[];
  /**
   * Effects of the restore on logical replication, one sentence each, with the commands to run afterwards.
   */
  readonly logicalReplication: readonly string[];
  /** Whether a database of this name exists. */
  readonly exists: boolean;
  /** Estimated rows of that database. `undefined` if there is none, or they could not be read. */
  readonly liveRows?: number | undefined;
  /** Version of the target server. */
  readonly serverVersion: string;
  /** Version of the dumped server, as recorded in the dump. */
  readonly dumpVersion: string;
}

/** Progress event of a restore. */
export type RestorerEvent =
  | { readonly event: 'step'; readonly step: string }
  /** Progress of the step. `total` stays the same for all events of a step. */
  | {
      readonly event: 'progress';
      readonly step: string;
      readonly done: number;
      readonly total: number;
      readonly unit: string;
      /** Whether `total` is an estimate, which `done` may exceed. Defaults to false. */
      readonly isEstimate?: boolean | undefined;
    };

/** Result of a restore. */
export interface Restored {
  /** Row counts of all restored tables, counted after the restore. */
  readonly rows: readonly TableRows[];
  /** Row counts of extension tables with dumped rows. They include the rows that the extension creates. */
  readonly extensionRows: readonly TableRows[];
  /** Information for the operator: what was recreated in addition, what was tolerated. */
  readonly notes: readonly string[];
  /** What the restored database lacks compared to the backup, one sentence each. */
  readonly incomplete: readonly string[];
  /**
   * Number of objects in `incomplete` that `TableSelection.withDependents` would restore; `undefined` if
   * whole databases are restored.
   */
  readonly restorableDependents?: number | undefined;
}

/** A restored database that is not in use yet. */
export interface RestoredAside extends Restored {
  /**
   * Renames the database to its final name in one step. At every moment one database has the name, the old or
   * the new one, even if this process dies. Ends the sessions of the old database and blocks new ones
   * meanwhile. Keeps the old database.
   * @returns the new name of the old database; `undefined` if there was none
   */
  swap(): Promise<{ readonly previous: string | undefined }>;
  /** Drops the restored database. Does nothing after `swap`. Safe to call twice. Never fails. */
  discard(): Promise<void>;
}

/** State of the old database after a swap. */
export interface FinishedSwap {
  /** Whether the old database was dropped. */
  readonly dropped: boolean;
  /**
   * Why it was not dropped although requested, and what the operator still has to do, one sentence each.
   * Concerns subscriptions, publications and replication slots.
   */
  readonly warnings: readonly string[];
}

/** Content that a swap replaced and kept. */
export interface KeptContent {
  /** Name of the database, or path of the folder. */
  readonly name: string;
  /** Time of the swap. */
  readonly timestamp: RunTimestamp;
  /** Size in bytes. `undefined` if it could not be read. */
  readonly bytes: number | undefined;
}

/** One restore into one database. */
export interface RestoreSession {
  /** What this session removed of an earlier restore that died, for the operator. */
  readonly recovered: readonly string[];
  /**
   * Inspects the dump and the server without changes.
   * @throws BackupError ARTIFACT_UNREADABLE if the dump is not a valid dump
   */
  inspect(input: RestoreInput, mode: RestoreMode): Promise<Inspection>;
  /** Restores into a new database. The live database does not change. A failure leaves nothing behind. */
  restoreAside(input: RestoreInput): Promise<RestoredAside>;
  /**
   * Restores into the live database step by step. After a failure, completed changes stay, and the error
   * reports that.
   */
  restoreInPlace(input: RestoreInput): Promise<Restored>;
  /** Restores all selected tables or none. Changes nothing else. */
  restoreTables(input: RestoreInput, selection: TableSelection): Promise<Restored>;
  /**
   * Ends a swap. With `drop`, drops the database that `swap` kept, unless logical replication uses it.
   * @param previous the name that `swap` returned
   */
  finishSwap(previous: string | undefined, options: { readonly drop: boolean }): Promise<FinishedSwap>;
  /** Returns the databases that swaps of this database kept. Needs no exclusive session. */
  listPrevious(): Promise<readonly KeptContent[]>;
  /** Drops a database of `listPrevious`, unless logical replication uses it. */
  dropPrevious(name: string): Promise<FinishedSwap>;
  /** Ends everything that the session began. Safe to call twice. Never fails. */
  close(): Promise<void>;
}

/** Options for opening a restore session. */
export interface RestoreSessionOptions {
  /**
   * Whether to exclude other restores of the database and remove what a dead one left. Fails with LOCK_HELD
   * if another restore is running. If false, the caller may only call `inspect` and `listPrevious`.
   */
  readonly exclusive: boolean;
  readonly signal: AbortSignal;
  /** Called for each step and its progress. */
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
}

/** Restores dumps in the format of a DumpProducer. */
export interface DumpRestorer {
  /**
   * Opens a restore session for the database of this name, which need not exist. When the signal fires, the
   * session ends and undoes what it began.
   */
  open(database: string, options: RestoreSessionOptions): Promise<RestoreSession>;
}
