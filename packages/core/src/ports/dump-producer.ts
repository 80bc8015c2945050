import type { Compression, DatabaseProperties, Extension, TableRows } from '../model/manifest.ts';
import type { ArtifactContent } from './artifact-store.ts';

/** What a snapshot knows about where it was taken. */
export interface DumpOrigin {
  /** Of the database’s server: `17.2`. */
  readonly serverVersion: string;
  /** Of the program that makes the dump. */
  readonly clientVersion: string;
  /** Those of the database; none where it knows of no such thing. */
  readonly extensions: readonly Extension[];
  /** Absent where the database is none of PostgreSQL’s. */
  readonly databaseProperties?: DatabaseProperties | undefined;
  /** How much the database takes on the server's disk, in bytes; `undefined` if that could not be read. */
  readonly databaseBytes?: number | undefined;
  /**
   * Libraries that the server loads at its start, without their folders (`pg_cron`): a server that restores the
   * set may need them. `undefined` if they could not be read.
   */
  readonly preloadedLibraries?: readonly string[] | undefined;
  /** How the dump will be compressed, for example `zstd:1`. */
  readonly compression: Compression;
}

/**
 * Rows of each table in a dump. The keys identify tables within their database: only the snapshot that the
 * dump was made from knows their names.
 */
export type DumpedRows = ReadonlyMap<string, number>;

/** What a dump has, found while it was read from its first to its last block. */
export interface DumpContent {
  /** Every table that the dump has rows of, or could have: an empty one has 0. */
  readonly rows: DumpedRows;
}

/** Rows of the tables of a dump, by name. */
export interface RowCounts {
  /** The tables of the database itself. */
  readonly tables: readonly TableRows[];
  /** Tables that belong to an extension: the rows that the dump adds to those that the extension brings. */
  readonly ofExtensions: readonly TableRows[];
}

/**
 * One consistent view of the database. Dump, globals and row counts all show the database as it was
 * when the snapshot was taken, whatever is written to it meanwhile.
 */
export interface DumpSnapshot {
  /** Known from the begin. */
  readonly origin: DumpOrigin;

  /**
   * The dump, as it is being made. When the dump program fails, the stream fails; it never ends early without
   * an error.
   */
  dump(): AsyncIterable<Uint8Array>;

  /**
   * Returns roles and grants as SQL text; `undefined` where the database has no such thing. To be read after
   * the dump: it may need the same locks and sessions. A part that cannot be read is a comment, and a warning.
   * @throws TABLES_BUSY if another session blocks a part, unless the snapshot is tolerant
   */
  globals(): AsyncIterable<Uint8Array> | undefined;

  /**
   * Names the tables of a dump of this snapshot. Asks the database nothing, so it also works after `close`.
   * Tables that the dump has no rows of, although the snapshot has the table, are absent.
   */
  rowCounts(rows: DumpedRows): RowCounts;

  /**
   * Returns what the set lacks although the dump was made, one sentence each: what could not be read of
   * globals and origin, and rows that are in no dump. Complete once dump and globals have ended.
   */
  warnings(): readonly string[];

  /**
   * Asks the server whether it works for the snapshot although nothing is sent; absent where a silent server
   * does nothing.
   */
  isWorking?(signal: AbortSignal): Promise<boolean>;

  /** Ends the view, its sessions and its programs. Safe to call twice, never fails. */
  close(): Promise<void>;
}

/** How a snapshot is taken. */
export interface SnapshotOptions {
  readonly signal: AbortSignal;
  /**
   * Whether a table that another session rewrote, and globals that it blocks, are warnings where a dump can be
   * made nevertheless. Otherwise they are TABLES_BUSY. Defaults to false.
   */
  readonly tolerant?: boolean | undefined;
}

/** How a dump is checked. */
export interface DumpCheckOptions {
  readonly signal: AbortSignal;
  /** Called now and then while the dump is read. */
  readonly onProgress?: (() => void) | undefined;
}

/** Makes and checks dumps of one database. */
export interface DumpProducer {
  /** The name of the database, as it stands in the dump's file name. */
  readonly database: string;
  /** Where the database is, for messages: `db:5432`; absent where there is no such thing. */
  readonly server?: string | undefined;

  /**
   * Takes a snapshot. When the signal fires, now or later, everything that the snapshot has started is ended.
   * Fails when the database cannot be reached, or could not be dumped whole.
   */
  snapshot(options: SnapshotOptions): Promise<DumpSnapshot>;

  /**
   * Reads a dump from its first to its last block, and counts its rows.
   * @throws ARTIFACT_UNREADABLE if it is damaged, CLIENT_TOO_OLD if the programs of this machine do not know
   * its form
   */
  check(dump: ArtifactContent, options: DumpCheckOptions): Promise<DumpContent>;
}
