import type { Manifest, TableRows } from '../model/manifest.ts';
import type { ArtifactContent } from './artifact-store.ts';

/** What a database is restored from. The bytes have been checked already. */
export interface RestoreInput {
  readonly dump: ArtifactContent;
  /** Roles, owners and grants; undefined where the set has none. */
  readonly globals: ArtifactContent | undefined;
  readonly manifest: Manifest | undefined;
  /**
   * Whether roles that are made get the privileges over the whole server that the set names: superuser,
   * replication and their like, passwords, memberships in roles that have such. Only for a set that no other
   * program can have written.
   */
  readonly privilegedRoles: boolean;
  /**
   * Whether everything else is restored if objects cannot be made; they are listed in `Restored.incomplete` then.
   * Defaults to false: the restore fails, and the error has the same list in `details.problems`.
   */
  readonly keepGoing?: boolean | undefined;
}

/** Tables to be brought back whole. */
export interface TableSelection {
  /** As people write them: `catalog.datasets`, with SQL's double quotes where a name needs them. */
  readonly tables: readonly string[];
  /** Schemas of which every table of the dump is brought back. */
  readonly schemas: readonly string[];
  /**
   * Restores missing objects that depend on the tables: foreign keys of other tables, views, functions of row
   * types and so on. Never restores other tables or their columns. Defaults to false: such objects are listed
   * in `Restored.incomplete`.
   */
  readonly withDependents?: boolean | undefined;
}

/**
 * - `aside`: into a new database beside the live one, which then takes its name; all or nothing;
 * - `in-place`: onto the live database, object by object, where no second database can be made;
 * - `tables`: some tables of the live database, in one transaction.
 */
export type RestoreMode =
  | { readonly kind: 'aside' }
  | { readonly kind: 'in-place' }
  | ({ readonly kind: 'tables' } & TableSelection);

/** What was found out about a dump and the server before anything is touched. */
export interface Inspection {
  /** What stands in the way: one sentence each, with its hint. Empty when nothing does. */
  readonly problems: readonly string[];
  /** As `problems`, but by estimate: who insists may go on. */
  readonly estimatedProblems: readonly string[];
  /** What is odd but tolerable. */
  readonly warnings: readonly string[];
  /** What the restore does to logical replication, one sentence each with the commands that follow. */
  readonly logicalReplication: readonly string[];
  /** Whether there is a database under the name. */
  readonly exists: boolean;
  /** Of the server that is restored into. */
  readonly serverVersion: string;
  /** The server that the dump was made of, as the dump says. */
  readonly dumpVersion: string;
}

/** What a restore tells while it goes on. */
export type RestorerEvent =
  | { readonly event: 'step'; readonly step: string }
  /** How far the step is; `total` is the same from the first to the last event of a step. */
  | {
      readonly event: 'progress';
      readonly step: string;
      readonly done: number;
      readonly total: number;
      readonly unit: string;
    };

/** What a restore has brought back. */
export interface Restored {
  /** The rows of every table that was restored, counted afterwards. */
  readonly rows: readonly TableRows[];
  /**
   * Likewise, of tables that belong to extensions and whose rows are dumped. They also have the rows that
   * their extension brings.
   */
  readonly extensionRows: readonly TableRows[];
  /** What people should know: what was made again besides, what was tolerated. */
  readonly notes: readonly string[];
  /** What the backup has and the restored database lacks, one sentence each. */
  readonly incomplete: readonly string[];
  /**
   * Number of objects in `incomplete` that `TableSelection.withDependents` would restore; `undefined` if
   * whole databases are restored.
   */
  readonly restorableDependents?: number | undefined;
}

/** A restored database that nobody uses yet. */
export interface RestoredAside extends Restored {
  /**
   * Gives it the name, in one step: at every moment there is one database under the name, the old or the new
   * one, also when this process dies. The sessions of the old one are ended, and no new ones begin meanwhile.
   * The old one is kept.
   * @returns under which name the old database is kept; undefined when there was none
   */
  swap(): Promise<{ readonly previous: string | undefined }>;
  /** Throws it away; does nothing after `swap`. Safe to call twice, never fails. */
  discard(): Promise<void>;
}

/** What became of the old database after a swap. */
export interface FinishedSwap {
  /** Whether it was dropped. */
  readonly dropped: boolean;
  /**
   * Why it was not dropped although requested, and what remains to be done: replication slots, subscriptions and
   * publications, one sentence each.
   */
  readonly warnings: readonly string[];
}

/** One restore into one database. */
export interface RestoreSession {
  /** What an earlier restore that died had left and is gone now, for people to read. */
  readonly recovered: readonly string[];
  /** Looks, and changes nothing. Fails with ARTIFACT_UNREADABLE when the dump is no dump. */
  inspect(input: RestoreInput, mode: RestoreMode): Promise<Inspection>;
  /** The live database stays as it is; on failure nothing is left. */
  restoreAside(input: RestoreInput): Promise<RestoredAside>;
  /**
   * Changes the live database step by step: when it fails, what it has changed stays changed, which the error
   * says.
   */
  restoreInPlace(input: RestoreInput): Promise<Restored>;
  /** All tables or none; everything else stays as it is. */
  restoreTables(input: RestoreInput, selection: TableSelection): Promise<Restored>;
  /**
   * Ends a swap. With `drop`, drops the database that `swap` kept, unless logical replication uses it.
   * @param previous the name that `swap` returned
   */
  finishSwap(previous: string | undefined, options: { readonly drop: boolean }): Promise<FinishedSwap>;
  /** Ends all that the session has begun. Safe to call twice, never fails. */
  close(): Promise<void>;
}

/** How a session of restoring is opened. */
export interface RestoreSessionOptions {
  /**
   * Keep other restores of the database out (LOCK_HELD when there is one), and clear away what one that died
   * has left. Without it, only `examine` is allowed.
   */
  readonly exclusive: boolean;
  readonly signal: AbortSignal;
  /** Told of each step, and how far it is. */
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
}

/** Restores dumps of the kind that a DumpProducer makes. */
export interface DumpRestorer {
  /**
   * Begins a restore into the database of this name, which need not exist. When the signal fires, everything
   * begun is ended and undone.
   */
  open(database: string, options: RestoreSessionOptions): Promise<RestoreSession>;
}
