import type { Compression, DatabaseProperties, Extension, TableRows } from '../model/manifest.ts';
import type { ArtifactContent } from './artifact-store.ts';

/** Server, programs and database of a snapshot. */
export interface DumpOrigin {
  /** Version of the database server: `17.2`. Contains a digit, as does `clientVersion`. */
  readonly serverVersion: string;
  /** Version of the dump program. */
  readonly clientVersion: string;
  /** Extensions of the database. Empty if the database system has no extensions. */
  readonly extensions: readonly Extension[];
  /** `undefined` if the database is not a PostgreSQL database. */
  readonly databaseProperties?: DatabaseProperties | undefined;
  /** Disk space of the database on the server, in bytes; more than 0. `undefined` if it could not be read. */
  readonly databaseBytes?: number | undefined;
  /**
   * Libraries that the server loads at its start, without folders (`pg_cron`). A server that restores the set
   * may need them. `undefined` if they could not be read.
   */
  readonly preloadedLibraries?: readonly string[] | undefined;
  /** Compression of the dump, for example `zstd:1`. */
  readonly compression: Compression;
}

/**
 * Number of rows per table in a dump. The keys identify tables within their database. Only the snapshot of
 * the dump can map them to names.
 */
export type DumpedRows = ReadonlyMap<string, number>;

/** Contents of a dump, found by reading it from the first to the last block. */
export interface DumpContent {
  /** Rows of every table that has, or could have, rows in the dump. An empty table has 0. */
  readonly rows: DumpedRows;
}

/** Row counts of the tables of a dump, by name. */
export interface RowCounts {
  /** Tables of the database itself. */
  readonly tables: readonly TableRows[];
  /** Tables of extensions: the rows that the dump adds to the rows that the extension creates. */
  readonly ofExtensions: readonly TableRows[];
}

/**
 * One consistent view of the database. Dump, globals and row counts show the database at the moment of the
 * snapshot, independent of concurrent writes.
 */
export interface DumpSnapshot {
  /** Available from the start. */
  readonly origin: DumpOrigin;

  /**
   * Returns the dump as a stream. The stream fails if the dump program fails; it never ends early without an
   * error.
   */
  dump(): AsyncIterable<Uint8Array>;

  /**
   * Returns roles and grants as SQL text. `undefined` if the database system has none. The caller reads it
   * after the dump, because both may need the same locks and sessions. Both streams also work side by side.
   * A part that cannot be read becomes an SQL comment and a warning.
   * @throws BackupError TABLES_BUSY if another session blocks a part, unless the snapshot is tolerant
   */
  globals(): AsyncIterable<Uint8Array> | undefined;

  /**
   * Maps the row counts of a dump of this snapshot to table names. Does not query the database, so it also
   * works after `close`. Tables of the snapshot without an entry in `rows` are absent.
   */
  rowCounts(rows: DumpedRows): RowCounts;

  /**
   * Returns what the set lacks despite a successful dump, one sentence each. Covers unreadable parts of the
   * globals and the origin, and rows that no dump contains. Complete once dump and globals have ended.
   */
  warnings(): readonly string[];

  /**
   * Asks the server whether it works for this snapshot while it sends nothing. `undefined` if a silent server
   * is always idle.
   */
  isWorking?(signal: AbortSignal): Promise<boolean>;

  /** Ends the view, its sessions and its child processes. Safe to call twice. Never fails. */
  close(): Promise<void>;
}

/** Options for taking a snapshot. */
export interface SnapshotOptions {
  readonly signal: AbortSignal;
  /**
   * Whether tables that another session rewrote, and globals that it blocks, are warnings if a dump is still
   * possible. Defaults to false: they cause TABLES_BUSY.
   */
  readonly tolerant?: boolean | undefined;
}

/** Options of a dump check. */
export interface DumpCheckOptions {
  readonly signal: AbortSignal;
  /** Called from time to time while the dump is read. */
  readonly onProgress?: (() => void) | undefined;
}

/** Makes and checks dumps of one database. */
export interface DumpProducer {
  /** Name of the database, as used in the file name of the dump. */
  readonly database: string;
  /** Address of the database for messages: `db:5432`. `undefined` if there is none. */
  readonly server?: string | undefined;

  /**
   * Takes a snapshot. When the signal fires, now or later, everything that the snapshot started ends. Fails
   * if the database is unreachable or cannot be dumped completely.
   */
  snapshot(options: SnapshotOptions): Promise<DumpSnapshot>;

  /**
   * Reads a dump from its first to its last block and counts its rows.
   * @throws BackupError ARTIFACT_UNREADABLE if it is damaged, empty or cut short
   * @throws BackupError CLIENT_TOO_OLD if the installed programs do not support its format
   */
  check(dump: ArtifactContent, options: DumpCheckOptions): Promise<DumpContent>;
}
