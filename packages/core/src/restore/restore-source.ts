import { splitKey } from '../naming/artifact-key.ts';
import type { ArtifactKind } from '../naming/artifact-name.ts';
import { failedChecks } from '../manifest/failed-checks.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { RunTimestamp } from '../naming/timestamp.ts';
import type { ArtifactSource, ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { BackupSet } from '../sets/backup-set.ts';

/** One artifact to restore from, in a store or anywhere else. */
export interface RestoreArtifact extends Omit<ArtifactSource, 'sha256'> {
  /** Its file name, for messages. */
  readonly name: string;
  /** What the manifest says; undefined where there is none to say it. */
  readonly sha256: string | undefined;
}

/** An artifact as a source for whatever reads one; where no manifest says a SHA-256, it has none. */
export function contentOf(artifact: RestoreArtifact): ArtifactSource {
  const { bytes, sha256 = '', path } = artifact;
  return { bytes, sha256, path, open: (range, options) => artifact.open(range, options) };
}

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
}

/** The artifact of a set of this kind, as something to read; undefined when the set has none. */
export function artifactOfSet(store: ArtifactStore, set: BackupSet, kind: ArtifactKind, options: StoreOptions = {}): RestoreArtifact | undefined {
  const artifact = set.artifacts.find((candidate) => candidate.kind === kind);
  if (artifact === undefined) return undefined;
  const { fileName: name } = splitKey(artifact.key);
  return {
    name,
    bytes: artifact.bytes,
    sha256: set.manifest?.artifacts.find((entry) => entry.name === name)?.sha256,
    path: store.pathOf?.(artifact.key),
    open: (range, reading) => store.read(artifact.key, range, { ...options, ...reading }),
  };
}

/** A set of a store as something to restore from; undefined when it has no dump. */
export function sourceOfSet(store: ArtifactStore, set: BackupSet, options: StoreOptions = {}): RestoreSource | undefined {
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
  };
}

/** What people call a set. */
export function labelOf(store: Pick<ArtifactStore, 'name'>, { timestamp, tier }: BackupSet): string {
  return `set ${timestamp} (${tier}, ${store.name})`;
}

/** Why a set should not be trusted: it is not whole, or a check found it bad. */
export function doubtsOf({ state, problems, manifest }: Pick<BackupSet, 'state' | 'problems' | 'manifest'>): readonly string[] {
  return [...(state === 'partial' ? problems.map((problem) => `it is partial: ${problem}`) : []), ...failedChecks(manifest?.checks ?? {})];
}
