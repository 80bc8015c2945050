import type { ArtifactKind } from './artifact-name.ts';
import type { CheckOutcome } from './check-outcome.ts';
import type { Tier } from './tier.ts';
import type { RunTimestamp } from './timestamp.ts';

/** Version of the manifest format of plain sets. */
export const MANIFEST_SCHEMA_VERSION = 1;

/** Version of the manifest format of encrypted sets, and the newest that this code reads. */
export const ENCRYPTED_SCHEMA_VERSION = 2;

/** Compression of a dump: `gzip:1`, `zstd:1`, `lz4`, `none`. */
export type Compression = 'none' | 'lz4' | `gzip:${number}` | `zstd:${number}` | `lz4:${number}`;

/** An extension of the database, named as in its catalog. */
export interface Extension {
  readonly name: string;
  readonly version: string;
}

/**
 * Owner and creation parameters of a database. A restore needs them to create a similar one, because a dump
 * does not contain them.
 */
export interface DatabaseProperties {
  /** Role that owns the database. */
  readonly owner: string;
  /** PostgreSQL name of the encoding: `UTF8`. */
  readonly encoding: string;
  /** LC_COLLATE. */
  readonly collate: string;
  /** LC_CTYPE. */
  readonly ctype: string;
  /** `libc`, `icu`, `builtin`. `undefined` if the server (before 15) supports libc only. */
  readonly localeProvider?: string | undefined;
  /** Locale of a provider other than libc. */
  readonly locale?: string | undefined;
}

/** Exact row count of one table. Names are written as in the catalog, without quotes. */
export interface TableRows {
  readonly schema: string;
  readonly table: string;
  /** Counted, not estimated. */
  readonly rows: number;
}

/** Length and digest of a content. */
export interface ContentDigest {
  /** Length in bytes. */
  readonly bytes: number;
  /** SHA-256, 64 lower-case hex digits. */
  readonly sha256: string;
}

/** How a set is encrypted. */
export interface Encryption {
  /** Format: `age`. */
  readonly scheme: string;
  /** Fingerprints of the recipients. Each of them can decrypt alone. */
  readonly recipients: readonly string[];
}

/** An artifact of the set at the time it was made. */
export interface ManifestArtifact {
  readonly kind: Exclude<ArtifactKind, 'manifest' | 'signature' | 'state'>;
  /** File name, without the tier. */
  readonly name: string;
  /** Length in bytes. */
  readonly bytes: number;
  /** SHA-256, 64 lower-case hex digits, calculated while the artifact was written. */
  readonly sha256: string;
  /** Length and digest of the plain text. `undefined` if the artifact is not encrypted. */
  readonly plain?: ContentDigest | undefined;
  /** For the dump: its compression. */
  readonly compression?: Compression | undefined;
  /** For the dump: number of counted tables, without extension tables. */
  readonly tableCount?: number | undefined;
  /**
   * For the dump: rows of each table, counted in the dump. In sets of older versions, counted in the snapshot
   * of the dump.
   */
  readonly rowCounts?: readonly TableRows[] | undefined;
  /**
   * For the dump: its rows of extension tables. A restored table also has the rows that its extension
   * creates.
   */
  readonly extensionRowCounts?: readonly TableRows[] | undefined;
  /** For the staging archive: number of members. `undefined` if they were not listed. */
  readonly members?: number | undefined;
}

/** Result of a check. */
export interface CheckResult {
  readonly outcome: CheckOutcome;
  /** Time of the check, ISO 8601, UTC. */
  readonly at: string;
  /** Why it did not pass. `undefined` if it passed. */
  readonly reason?: string | undefined;
  /**
   * For a failed restore test: the rows differ from those that were backed up. If `undefined`, the artifacts
   * are intact and objects could not be restored.
   */
  readonly damaged?: true | undefined;
  /** For a failed restore test: time at which an operator accepted the failure, ISO 8601, UTC. */
  readonly acceptedAt?: string | undefined;
}

/** Why a set may not match its database, and since when (ISO 8601, UTC). */
export interface Suspicion {
  readonly reasons: readonly string[];
  readonly at: string;
}

/** Results of the checks of a set, from the weakest to the strongest. */
export interface Checks {
  /** Every artifact was read back and has the SHA-256 of its creation. */
  readonly checksum?: CheckResult | undefined;
  /** pg_restore read every block of the dump, and every member of the archive was listed. */
  readonly content?: CheckResult | undefined;
  /** The dump was restored and its rows were counted. */
  readonly restoreTest?: CheckResult | undefined;
}

/** Names of all checks, from the weakest to the strongest. */
export const CHECK_NAMES = [
  'checksum',
  'content',
  'restoreTest',
] as const satisfies readonly (keyof Checks)[];

/**
 * Describes a set at its publication. It is written last: its presence means that the set is complete. It is
 * never changed afterwards and contains no secrets.
 */
export interface Manifest {
  readonly schemaVersion: typeof MANIFEST_SCHEMA_VERSION | typeof ENCRYPTED_SCHEMA_VERSION;
  /** Time of the run, as in the names of its artifacts. */
  readonly timestamp: RunTimestamp;
  /** Version of the program that made the set. */
  readonly toolVersion: string;
  readonly database: string;
  /** Version of the database server: `17.2`. */
  readonly serverVersion: string;
  /** Version of the dump program. */
  readonly clientVersion: string;
  readonly extensions: readonly Extension[];
  /** `undefined` in older manifests. */
  readonly databaseProperties?: DatabaseProperties | undefined;
  /** Disk space of the database on the server, in bytes. `undefined` in older manifests. */
  readonly databaseBytes?: number | undefined;
  /**
   * Libraries that the server loads at its start, without folders (`pg_cron`). A server that restores the set
   * may need them. `undefined` in older manifests, or if they could not be read.
   */
  readonly preloadedLibraries?: readonly string[] | undefined;
  /** Start of the run and completion of its artifacts, ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** All tiers of the set, not only the tier of this copy. */
  readonly tiers: readonly Tier[];
  /**
   * `undefined` if the set is not encrypted. Otherwise the manifest lacks what is data: names of tables, row
   * counts, extensions, locale and owner of the database, warnings and reasons. The details have it.
   */
  readonly encryption?: Encryption | undefined;
  /** All artifacts except the manifest. */
  readonly artifacts: readonly ManifestArtifact[];
  /** Checks before the publication. Manifests of older versions may also have later ones. */
  readonly checks: Checks;
  /** Present if the set has a size anomaly. */
  readonly suspicion?: Suspicion | undefined;
  /**
   * Time at which an operator accepted the set, ISO 8601, UTC. Only in manifests of older versions: see
   * {@link BackupSet.acceptedAt}.
   */
  readonly acceptedAt?: string | undefined;
  /**
   * The previous accepted set, which excludes older sets from the baseline. Recorded here because it stays
   * valid after that set is removed.
   */
  readonly acceptedSince?: RunTimestamp | undefined;
  /** Tolerated irregularities. */
  readonly warnings: readonly string[];
}

/** Returns whether a restore test found rows that differ from those that were backed up. */
export function isDamage(restoreTest: CheckResult | undefined): boolean {
  return restoreTest?.outcome === 'failed' && restoreTest.damaged === true;
}

/** Returns the total number of rows of all tables. */
export function totalRows(rowCounts: readonly TableRows[]): number {
  return rowCounts.reduce((sum, { rows }) => sum + rows, 0);
}

/** Returns the entry of a file in a manifest; `undefined` if there is none. */
export function entryOf(
  manifest: Pick<Manifest, 'artifacts'> | undefined,
  fileName: string,
): ManifestArtifact | undefined {
  return manifest?.artifacts.find(({ name }) => name === fileName);
}

/** Returns the entry of the dump, which every manifest has. */
export function dumpOf(manifest: Pick<Manifest, 'artifacts'>): ManifestArtifact | undefined {
  return manifest.artifacts.find(({ kind }) => kind === 'dump');
}

/** Returns the number of rows in the dump of a manifest. `undefined` if they were not counted. */
export function rowsOf(manifest: Pick<Manifest, 'artifacts'> | undefined): number | undefined {
  const rowCounts = manifest === undefined ? undefined : dumpOf(manifest)?.rowCounts;
  return rowCounts === undefined ? undefined : totalRows(rowCounts);
}
