import type { ReadableArtifact } from './set-copy.ts';
import type { TableRows } from '../model/manifest.ts';
import type { RestoreInput, RestorerEvent } from './dump-restorer.ts';
import type { OrphanCleaner } from './orphan-cleaner.ts';

/** What a restore test showed. Whether the rows are those of the backup, the caller compares. */
export type RestoreTestResult =
  | {
      readonly outcome: 'passed';
      /** Of every table, counted after the restore. */
      readonly rows: readonly TableRows[];
      /** Likewise, of tables that belong to extensions and whose rows are dumped. */
      readonly extensionRows: readonly TableRows[];
      /**
       * What the restored database has that it must not have, such as an invalid index, one sentence each.
       */
      readonly problems: readonly string[];
      /**
       * What the dump has, and the restored database lacks though no error was reported, besides rows: one
       * sentence each. Defaults to none.
       */
      readonly missing?: readonly string[] | undefined;
      /** What was seen to be well, for people to read: `12 constraints are valid`. */
      readonly facts: readonly string[];
      /** What is odd but tolerable. */
      readonly warnings: readonly string[];
      /** What could not be asked, one sentence each: it leaves open whether all is well. */
      readonly unanswered: readonly string[];
      /**
       * Paths below the staging folder that rows name; undefined where nobody has said how to ask for them,
       * or there was no answer.
       */
      readonly files: readonly string[] | undefined;
      /** Number of the operator's assertions that hold; `undefined` if there are none. */
      readonly assertionsHeld?: number | undefined;
      readonly serverVersion: string;
      /** See `RestoreTestEnvironment`. */
      readonly isolated?: boolean | undefined;
    }
  /** Objects of the dump could not be restored: one sentence for each, at least one. */
  | { readonly outcome: 'failed'; readonly problems: readonly string[] }
  /** This machine lacks something, which says nothing of the dump; one sentence each. */
  | { readonly outcome: 'inconclusive'; readonly reasons: readonly string[] };

/** What a restore test needs disk space for. */
export interface RestoreTestNeeds {
  /** The database’s size on a server’s disk, in bytes, as far as it is known. */
  readonly databaseBytes: number | undefined;
  /** Length of the dump in bytes. */
  readonly dumpBytes: number;
  /** Length in bytes of what will be handed to `keep`. */
  readonly keptBytes: number;
}

/** How a restore test is made. */
export interface RestoreTestOptions {
  readonly signal: AbortSignal;
  /** Told of each step, and how far it is. */
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
  /** Whether to wait while another restore test needs what this one needs. Defaults to `wait`. */
  readonly whenHeld?: 'wait' | 'fail' | undefined;
}

/**
 * A place for one restore test, which disposing of removes, with all that was started in it. Disposing is safe to
 * repeat, and never fails.
 */
export interface RestoreTestEnvironment extends AsyncDisposable {
  /**
   * Whether code of the dump is kept apart from what the user of this process may do. Defaults to `true`.
   */
  readonly isolated?: boolean | undefined;
  /**
   * Brings an artifact that lies elsewhere here, as a file, with the length that arrived: whether that is
   * what was written, whoever reads it finds out. Fails with what reading fails with, or STORE_FULL.
   */
  keep(artifact: ReadableArtifact): Promise<ReadableArtifact>;
  /**
   * Restores the dump into a server of its own that no other process reaches, and inspects the result. To be
   * called once.
   */
  runRestoreTest(input: RestoreInput): Promise<RestoreTestResult>;
}

/**
 * Tests restores on this machine, away from any server in use: in a temporary server that it makes and
 * removes. `clean-up` removes what restore tests that died have left, but nothing of one that goes on, in this or
 * another process; it needs no lock.
 */
export interface RestoreTester extends OrphanCleaner {
  /**
   * Makes a place with room enough, or says why this machine has none. When the signal fires, all that was
   * begun there ends.
   */
  open(
    needs: RestoreTestNeeds,
    options: RestoreTestOptions,
  ): Promise<RestoreTestEnvironment | { readonly inconclusive: readonly string[] }>;
}
