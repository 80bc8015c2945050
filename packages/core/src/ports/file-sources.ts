import type { RestoreArtifact } from './restore-artifact.ts';
import type { Checks, Manifest } from '../model/manifest.ts';
import type { RunTimestamp } from '../model/timestamp.ts';

/** What a restore is made from: a set, or a file that somebody has. */
export interface RestoreSource {
  /** For people: `set 20261122_020000 (daily, local)`, or a path. */
  readonly label: string;
  /** Of the run that made it; undefined for a dump of another origin. */
  readonly timestamp: RunTimestamp | undefined;
  /** Undefined where there is none: then less can be checked. */
  readonly manifest: Manifest | undefined;
  /** The latest result of each check. */
  readonly checks: Checks;
  readonly dump: RestoreArtifact;
  /** Roles, owners and grants; undefined where there are none. */
  readonly globals: RestoreArtifact | undefined;
  /** The archive of files; undefined where there is none. */
  readonly staging: RestoreArtifact | undefined;
  /** The manifest as it is, whether or not it could be understood. */
  readonly manifestFile?: RestoreArtifact | undefined;
  /** Why it should not be trusted, one sentence each; who insists may use it all the same. */
  readonly warnings: readonly string[];
  /**
   * Whether only this program can have written it, as far as the store that it lies in lets tell: then roles
   * come back with all their privileges.
   */
  readonly trusted: boolean;
}

/**
 * Dumps and archives that people have as files, wherever these lie. Fails with CONFIG_INVALID when there is
 * no such file.
 */
export interface FileSources {
  /**
   * A dump under any name. Where it has the name that a run gives, the manifest, globals and archive of that
   * run beside it belong to it.
   */
  dump(path: string): Promise<RestoreSource>;
  /**
   * The dump that a file goes with: another artifact of its run is beside it; whatever else is its own. Fails
   * with CONFIG_INVALID when there is no dump beside such an artifact.
   */
  dumpOf(path: string): Promise<string>;
  /** A staging archive. */
  archive(path: string): Promise<RestoreArtifact>;
}
