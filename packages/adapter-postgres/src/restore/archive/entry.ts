/** One entry of the table of contents of a custom-format archive, as pg_dump wrote it. */
export interface ArchiveEntry {
  /** The number that `--use-list` and dependencies refer to. */
  readonly id: number;
  /** The system catalog of the object in the database that was dumped; 0 if there is none. */
  readonly catalog: number;
  readonly oid: number;
  /** For example `TABLE` or `FK CONSTRAINT`. */
  readonly kind: string;
  /** `undefined` if the object is in no schema. */
  readonly schema: string | undefined;
  /** Of a routine with the types of its arguments, of a constraint with its table. */
  readonly name: string;
  /** The owner in the database that was dumped, also after `pg_dump --no-owner`; empty if there is none. */
  readonly owner: string;
  /** When pg_restore makes it: before the rows, with them or after them. Comments belong to none of these. */
  readonly section: 'none' | 'pre-data' | 'data' | 'post-data';
  /** `undefined` if it is the default one. */
  readonly tablespace: string | undefined;
  /** The statement that makes the object; empty for rows and single large objects, the numbers of the objects for many of them. */
  readonly definition: string;
  /** The statement that drops the object; empty if none does. */
  readonly dropping: string;
  /** Entries that come before this one. Some of these numbers are of objects without an entry. */
  readonly dependencies: readonly number[];
}

/** The table of contents of a custom-format archive. */
export interface ArchiveToc {
  /** Version of the format: `1.14`. */
  readonly format: string;
  /** The server that was dumped: `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly serverVersion: string;
  /** The pg_dump that wrote it. */
  readonly clientVersion: string;
  readonly database: string;
  /** Of the texts of the entries, by its name in PostgreSQL. */
  readonly encoding: string;
  /** In the order of the archive. */
  readonly entries: readonly ArchiveEntry[];
}
