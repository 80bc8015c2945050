/** One entry of the table of contents of a custom-format archive, as pg_dump wrote it. */
export interface ArchiveEntry {
  /** Number that `--use-list` and dependencies refer to. */
  readonly id: number;
  /** System catalog of the object in the dumped database; 0 if it has none. */
  readonly catalog: number;
  readonly oid: number;
  /** For example `TABLE` or `FK CONSTRAINT`. */
  readonly kind: string;
  /** `undefined` if the object is in no schema. */
  readonly schema: string | undefined;
  /** For a routine with its argument types, for a constraint with its table. */
  readonly name: string;
  /** Owner in the dumped database, also after `pg_dump --no-owner`; empty if the object has none. */
  readonly owner: string;
  /** When pg_restore creates the object: before, with or after the rows. Comments have no section. */
  readonly section: 'none' | 'pre-data' | 'data' | 'post-data';
  /** `undefined` for the default tablespace. */
  readonly tablespace: string | undefined;
  /** Statement that creates the object. Empty for rows and single large objects; OIDs for groups of these. */
  readonly definition: string;
  /** Statement that drops the object; empty if there is none. */
  readonly dropping: string;
  /** Ids of entries that come before this one. Some ids have no entry. */
  readonly dependencies: readonly number[];
}

/** The table of contents of a custom-format archive. */
export interface ArchiveToc {
  /** Version of the format, for example `1.14`. */
  readonly format: string;
  /** Version of the dumped server, for example `15.18 (Debian 15.18-0+deb12u1)`. */
  readonly serverVersion: string;
  /** Version of the pg_dump that wrote it. */
  readonly clientVersion: string;
  readonly database: string;
  /** Encoding of the entries' texts, by its name in PostgreSQL. */
  readonly encoding: string;
  /** In the order of the archive. */
  readonly entries: readonly ArchiveEntry[];
}
