import type { ReadableArtifact } from './set-copy.ts';
import type { TableRows } from '../model/manifest.ts';
import type { RestoreInput, RestorerEvent } from './dump-restorer.ts';
import type { OrphanCleaner } from './orphan-cleaner.ts';

/** Result of a restore test. The caller compares the row counts with those of the backup. */
export type RestoreTestResult =
  | {
      readonly outcome: 'passed';
      /** Row counts of every table, counted after the restore. */
      readonly rows: readonly TableRows[];
      /** Row counts of extension tables with dumped rows. */
      readonly extensionRows: readonly TableRows[];
      /** Faults of the restored database, such as an invalid index, one sentence each. */
      readonly problems: readonly string[];
      /**
       * What the restored database lacks compared to the dump although no error occurred, except rows, one
       * sentence each. Defaults to none.
       */
      readonly missing?: readonly string[] | undefined;
      /** Passed checks, for the operator: `12 constraints are valid`. */
      readonly facts: readonly string[];
      /** Tolerable irregularities. */
      readonly warnings: readonly string[];
      /** Failed queries, one sentence each. They make the result inconclusive. */
      readonly unanswered: readonly string[];
      /**
       * Paths below the staging folder that rows name. `undefined` if no query is configured, or the query
       * failed.
       */
      readonly files: readonly string[] | undefined;
      /** Number of the operator's assertions that hold. `undefined` if there are none. */
      readonly assertionsHeld?: number | undefined;
      readonly serverVersion: string;
      /** See `RestoreTestEnvironment`. */
      readonly isolated?: boolean | undefined;
    }
  /** Objects of the dump could not be restored: one sentence each, at least one. */
  | { readonly outcome: 'failed'; readonly problems: readonly string[] }
  /** This machine lacks a prerequisite, independent of the dump; one sentence each. */
  | { readonly outcome: 'inconclusive'; readonly reasons: readonly string[] };

/** Input for the disk estimate of a restore test. */
export interface RestoreTestNeeds {
  /** Size of the database on the disk of a server, in bytes. `undefined` if unknown. */
  readonly databaseBytes: number | undefined;
  /** Length of the dump in bytes. */
  readonly dumpBytes: number;
  /** Length in bytes of the artifacts that `keep` will receive. */
  readonly keptBytes: number;
}

/** Options of a restore test. */
export interface RestoreTestOptions {
  readonly signal: AbortSignal;
  /** Called for each step and its progress. */
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
  /** Whether to wait while another restore test uses the same resources. Defaults to `wait`. */
  readonly whenHeld?: 'wait' | 'fail' | undefined;
}

/**
 * An environment for one restore test. Disposing removes it with everything that was started in it. Disposing
 * is safe to repeat and never fails.
 */
export interface RestoreTestEnvironment extends AsyncDisposable {
  /** Whether code from the dump runs without the permissions of this process's user. Defaults to `true`. */
  readonly isolated?: boolean | undefined;
  /**
   * Copies an artifact from elsewhere into a local file, with the length that arrived. The reader of the file
   * verifies the content. Fails with the error of the read, or STORE_FULL.
   */
  keep(artifact: ReadableArtifact): Promise<ReadableArtifact>;
  /**
   * Restores the dump into a temporary server that no other process can reach, and inspects the result. The
   * caller calls it once.
   */
  runRestoreTest(input: RestoreInput): Promise<RestoreTestResult>;
}

/**
 * Tests restores on this machine in a temporary server, isolated from every server in use. `clean-up` removes
 * what dead restore tests left. It never removes anything of a running one, in this or another process. It
 * needs no lock.
 */
export interface RestoreTester extends OrphanCleaner {
  /**
   * Creates an environment with enough disk space, or returns why this machine has none. When the signal
   * fires, everything started in it ends.
   */
  open(
    needs: RestoreTestNeeds,
    options: RestoreTestOptions,
  ): Promise<RestoreTestEnvironment | { readonly inconclusive: readonly string[] }>;
}
