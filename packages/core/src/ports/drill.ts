import type { RestoreArtifact } from './restore-artifact.ts';
import type { TableRows } from '../manifest/manifest.ts';
import type { RestoreInput, RestorerEvent } from './dump-restorer.ts';
import type { Sweeper } from './sweeper.ts';

/** What a rehearsed restore showed. Whether the rows are those of the backup, the caller compares. */
export type Rehearsal =
  | {
      readonly outcome: 'restored';
      /** Of every table, counted after the restore. */
      readonly rows: readonly TableRows[];
      /** Likewise, of tables that belong to extensions and whose rows are dumped. */
      readonly extensionRows: readonly TableRows[];
      /**
       * What the restored database has that it must not have, such as an invalid index, one sentence each.
       */
      readonly problems: readonly string[];
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
      readonly serverVersion: string;
    }
  /** The dump itself could not be restored, for this reason. */
  | { readonly outcome: 'failed'; readonly problem: string }
  /** This machine lacks something, which says nothing of the dump; one sentence each. */
  | { readonly outcome: 'unprovable'; readonly reasons: readonly string[] };

/** What a drill needs room for. */
export interface DrillNeeds {
  /** The database’s size on a server’s disk, in bytes, as far as it is known. */
  readonly databaseBytes: number | undefined;
  /** Length of the dump in bytes. */
  readonly dumpBytes: number;
  /** Length in bytes of what will be handed to `keep`. */
  readonly keptBytes: number;
}

/** How a drill is made. */
export interface DrillOptions {
  readonly signal: AbortSignal;
  /** Told of each step, and how far it is. */
  readonly observer?: ((event: RestorerEvent) => void) | undefined;
}

/**
 * A place for one drill, which disposing of removes, with all that was started in it. Disposing is safe to
 * repeat, and never fails.
 */
export interface DrillGround extends AsyncDisposable {
  /**
   * Brings an artifact that lies elsewhere here, as a file, with the length that arrived: whether that is
   * what was written, whoever reads it finds out. Fails with what reading fails with, or STORE_FULL.
   */
  keep(artifact: RestoreArtifact): Promise<RestoreArtifact>;
  /**
   * Restores the dump into a server of its own that nobody else reaches, and looks at the result. To be
   * called once.
   */
  rehearse(input: RestoreInput): Promise<Rehearsal>;
}

/**
 * Rehearses restores on this machine, away from any server in use: in a scratch server that it makes and
 * removes. `sweep` removes what drills that died have left, but nothing of one that goes on, in this or
 * another process; it needs no lock.
 */
export interface Drill extends Sweeper {
  /**
   * Makes a place with room enough, or says why this machine has none. When the signal fires, all that was
   * begun there ends.
   */
  open(
    needs: DrillNeeds,
    options: DrillOptions,
  ): Promise<DrillGround | { readonly unprovable: readonly string[] }>;
}
