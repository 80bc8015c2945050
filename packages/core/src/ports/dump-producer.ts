import type { Compression, DatabaseProperties, Extension, TableRows } from '../manifest/manifest.ts';
import type { ArtifactSource } from './artifact-store.ts';

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
  /** How much the database takes on the server's disk, in bytes. */
  readonly databaseBytes: number;
  /** How the dump will be compressed, for example `zstd:1`. */
  readonly compression: Compression;
}

/**
 * One consistent view of the database. Dump, globals and row counts all show the database as it was
 * when the snapshot was taken, whatever is written to it meanwhile.
 */
export interface DumpSnapshot {
  /** Known from the begin. */
  readonly origin: DumpOrigin;

  /** The dump, as it is being made. When the dump program fails, the stream fails; it never ends early without an error. */
  dump(): AsyncIterable<Uint8Array>;

  /** Roles and grants as SQL text, or undefined where the database has no such thing. Fails as `dump` does. */
  globals(): AsyncIterable<Uint8Array> | undefined;

  /** The exact number of rows of every table whose rows are in the dump, without tables that belong to extensions. */
  rowCounts(): Promise<readonly TableRows[]>;

  /** Ends the view, its sessions and its programs. Safe to call twice, never fails. */
  close(): Promise<void>;
}

/** Makes and checks dumps of one database. */
export interface DumpProducer {
  /** The name of the database, as it stands in the dump's file name. */
  readonly database: string;

  /**
   * Takes a snapshot. When the signal fires, now or later, everything that the snapshot has started is ended.
   * Fails when the database cannot be reached, or could not be dumped whole.
   */
  snapshot(options: { readonly signal: AbortSignal }): Promise<DumpSnapshot>;

  /** Reads a dump from its first to its last block; fails with ARTIFACT_UNREADABLE when it is damaged. */
  check(dump: ArtifactSource, options: { readonly signal: AbortSignal }): Promise<void>;
}
