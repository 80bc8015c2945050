import type { ArtifactKind } from './artifact-name.ts';
import type { CheckOutcome } from './check-outcome.ts';
import type { Tier } from './tier.ts';
import type { RunTimestamp } from './timestamp.ts';

/** The version of the manifest's form that this code writes, and the newest that it reads. */
export const MANIFEST_SCHEMA_VERSION = 1;

/** How a dump is compressed: `gzip:1`, `zstd:1`, `lz4`, `none`. */
export type Compression = 'none' | 'lz4' | `gzip:${number}` | `zstd:${number}` | `lz4:${number}`;

/** An extension that the database has, as its catalog names it. */
export interface Extension {
  readonly name: string;
  readonly version: string;
}

/**
 * Whose a database is and what it was made with: a restore has to make one like it, for a dump does not say.
 */
export interface DatabaseProperties {
  /** The role that owns the database. */
  readonly owner: string;
  /** As PostgreSQL calls it: `UTF8`. */
  readonly encoding: string;
  /** LC_COLLATE. */
  readonly collate: string;
  /** LC_CTYPE. */
  readonly ctype: string;
  /** `libc`, `icu`, `builtin`; absent where the server (before 15) has libc only. */
  readonly localeProvider?: string | undefined;
  /** The locale of a provider other than libc. */
  readonly locale?: string | undefined;
}

/** The exact number of rows of one table. Names as in the catalog, without quotes. */
export interface TableRows {
  readonly schema: string;
  readonly table: string;
  /** All of them, counted and not estimated. */
  readonly rows: number;
}

/** One artifact of the set, as it was when it was made. */
export interface ManifestArtifact {
  readonly kind: Exclude<ArtifactKind, 'manifest' | 'state'>;
  /** File name, without the tier. */
  readonly name: string;
  /** Length in bytes. */
  readonly bytes: number;
  /** SHA-256, 64 lower-case hex digits, taken while the artifact was written. */
  readonly sha256: string;
  /** Of the dump: how it is compressed. */
  readonly compression?: Compression | undefined;
  /** Of the dump: how many tables were counted; those that belong to extensions are not. */
  readonly tableCount?: number | undefined;
  /**
   * Of the dump: the rows of each table, counted in the dump; in sets of older versions, in the snapshot that
   * it was made from.
   */
  readonly rowCounts?: readonly TableRows[] | undefined;
  /**
   * Of the dump: its rows of tables that belong to extensions. A restored table also has the rows that its
   * extension brings.
   */
  readonly extensionRowCounts?: readonly TableRows[] | undefined;
  /** Of the staging archive: how many members it has, when they were listed. */
  readonly members?: number | undefined;
}

/** The outcome of a check. */
export interface CheckResult {
  readonly outcome: CheckOutcome;
  /** When the check was made (ISO 8601, UTC). */
  readonly at: string;
  /** Why it did not pass. */
  readonly reason?: string | undefined;
  /**
   * Of a failed restore test: rows differ from those that were backed up. Without it, the artifacts are
   * intact and objects could not be restored.
   */
  readonly damaged?: true | undefined;
  /** Of a failed restore test: when an operator accepted the failure (ISO 8601, UTC). */
  readonly acceptedAt?: string | undefined;
}

/** Why a set is not trusted to be what its database was, and since when (ISO 8601, UTC). */
export interface Suspicion {
  readonly reasons: readonly string[];
  readonly at: string;
}

/** The checks that a set can have gone through, from the weakest to the strongest. */
export interface Checks {
  /** Every artifact was read back and has the SHA-256 that it was written with. */
  readonly checksum?: CheckResult | undefined;
  /** Every block of the dump was read by pg_restore, every member of the archive was listed. */
  readonly content?: CheckResult | undefined;
  /** The dump was restored, and the rows were counted. */
  readonly restoreTest?: CheckResult | undefined;
}

/** Names of all checks, from the weakest to the strongest. */
export const CHECK_NAMES = [
  'checksum',
  'content',
  'restoreTest',
] as const satisfies readonly (keyof Checks)[];

/**
 * Describes a set as it was published. It is written last: its presence means that the set is whole. It is
 * never changed afterwards, and carries no secret.
 */
export interface Manifest {
  readonly schemaVersion: typeof MANIFEST_SCHEMA_VERSION;
  /** The moment of the run, as in the names of its artifacts. */
  readonly timestamp: RunTimestamp;
  /** The version of what made the set. */
  readonly toolVersion: string;
  readonly database: string;
  /** Of the database’s server: `17.2`. */
  readonly serverVersion: string;
  /** Of the program that made the dump. */
  readonly clientVersion: string;
  readonly extensions: readonly Extension[];
  /** Absent in older manifests. */
  readonly databaseProperties?: DatabaseProperties | undefined;
  /** How much the database took on the server's disk, in bytes; absent in older manifests. */
  readonly databaseBytes?: number | undefined;
  /**
   * Libraries that the server loads at its start, without their folders (`pg_cron`): a server that restores the
   * set may need them. Absent in older manifests and if they could not be read.
   */
  readonly preloadedLibraries?: readonly string[] | undefined;
  /** When the run began and when its artifacts were whole; ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** All tiers that the set belongs to, not the one alone in which this copy stands. */
  readonly tiers: readonly Tier[];
  /** All but the manifest itself. */
  readonly artifacts: readonly ManifestArtifact[];
  /** Those made before publication; older versions added later ones. */
  readonly checks: Checks;
  /** The set is much smaller than those before it. */
  readonly suspicion?: Suspicion | undefined;
  /**
   * When an operator accepted the set (ISO 8601, UTC). Written by older versions only: see
   * {@link BackupSet.acceptedAt}.
   */
  readonly acceptedAt?: string | undefined;
  /**
   * The accepted set before this one that made older ones no baseline: it holds on when that set is gone and
   * older ones are not.
   */
  readonly acceptedSince?: RunTimestamp | undefined;
  /** What was odd but tolerable. */
  readonly warnings: readonly string[];
}

/** Whether a restore test found rows that differ from those that were backed up. */
export function isDamage(restoreTest: CheckResult | undefined): boolean {
  return restoreTest?.outcome === 'failed' && restoreTest.damaged === true;
}

/** The rows of all tables together. */
export function totalRows(rowCounts: readonly TableRows[]): number {
  return rowCounts.reduce((sum, { rows }) => sum + rows, 0);
}

/** The entry of the dump, which every manifest has. */
export function dumpOf(manifest: Pick<Manifest, 'artifacts'>): ManifestArtifact | undefined {
  return manifest.artifacts.find(({ kind }) => kind === 'dump');
}

/** The rows in the dump of a manifest, undefined when they were not counted. */
export function rowsOf(manifest: Pick<Manifest, 'artifacts'> | undefined): number | undefined {
  const rowCounts = manifest === undefined ? undefined : dumpOf(manifest)?.rowCounts;
  return rowCounts === undefined ? undefined : totalRows(rowCounts);
}
