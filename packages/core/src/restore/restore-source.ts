import type { ArtifactKind } from '../naming/artifact-name.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { RunTimestamp } from '../naming/timestamp.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { RestoreArtifact } from '../ports/restore-artifact.ts';
import { artifactOfSet } from '../sets/artifact-of-set.ts';
import type { BackupSet } from '../sets/backup-set.ts';
import { doubtsOf } from '../sets/doubts-of.ts';
import { labelOf } from '../sets/label-of.ts';

/** What a restore is made from: a set, or a file that somebody has. */
export interface RestoreSource {
  /** For people: `set 20261122_020000 (daily, local)`, or a path. */
  readonly label: string;
  /** Of the run that made it; undefined for a dump of another origin. */
  readonly timestamp: RunTimestamp | undefined;
  /** Undefined where there is none: then less can be checked. */
  readonly manifest: Manifest | undefined;
  readonly dump: RestoreArtifact;
  /** Roles, owners and grants; undefined where there are none. */
  readonly globals: RestoreArtifact | undefined;
  /** The archive of files; undefined where there is none. */
  readonly staging: RestoreArtifact | undefined;
  /** The manifest as it is, whether or not it could be understood. */
  readonly manifestFile?: RestoreArtifact | undefined;
  /** Why it should not be trusted, one sentence each; who insists may use it all the same. */
  readonly doubts: readonly string[];
  /**
   * Whether only this program can have written it, as far as the store that it lies in lets tell: then roles
   * come back with all their privileges.
   */
  readonly trusted: boolean;
}

export interface SourceOptions extends StoreOptions {
  readonly trusted: boolean;
}

/** A set of a store as something to restore from; undefined when it has no dump. */
export function sourceOfSet(
  store: ArtifactStore,
  set: BackupSet,
  { trusted, ...options }: SourceOptions,
): RestoreSource | undefined {
  const one = (kind: ArtifactKind): RestoreArtifact | undefined => artifactOfSet(store, set, kind, options);
  const dump = one('dump');
  if (dump === undefined) return undefined;
  return {
    label: labelOf(store, set),
    timestamp: set.timestamp,
    manifest: set.manifest,
    dump,
    globals: one('globals'),
    staging: one('staging'),
    manifestFile: one('manifest'),
    doubts: doubtsOf(set),
    trusted,
  };
}
