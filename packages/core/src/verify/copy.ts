import type { Checks, Manifest } from '../model/manifest.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import { artifactOfSet } from '../sets/artifact-of-set.ts';
import { labelOf } from '../sets/label-of.ts';
import type { RestoreArtifact } from '../ports/restore-artifact.ts';
import type { RestoreSource } from '../ports/file-sources.ts';
import type { BackupSet } from '../model/backup-set.ts';

/** Something that can be verified: a set as one store has it in one tier, or files of this machine. */
export interface Copy {
  /** For people. */
  readonly label: string;
  readonly timestamp: RunTimestamp | undefined;
  readonly manifest: Manifest | undefined;
  /** The latest result of each check. */
  readonly checks: Checks;
  /** Those that are there, by kind. */
  readonly artifacts: Readonly<Partial<Record<ArtifactKind, RestoreArtifact>>>;
  /** Both undefined for files, which need not be all that a run has made. */
  readonly store: ArtifactStore | undefined;
  readonly set: BackupSet | undefined;
}

/** A set as one store has it. */
export function copyOfSet(store: ArtifactStore, set: BackupSet, options: StoreOptions = {}): Copy {
  const artifacts = Object.fromEntries(
    set.artifacts.map(({ kind }) => [kind, artifactOfSet(store, set, kind, options)]),
  );
  return {
    label: labelOf(store, set),
    timestamp: set.timestamp,
    manifest: set.manifest,
    checks: set.checks,
    artifacts,
    store,
    set,
  };
}

/** Files that somebody has. */
export function copyOfSource({
  label,
  timestamp,
  manifest,
  checks,
  dump,
  globals,
  staging,
  manifestFile,
}: RestoreSource): Copy {
  const artifacts = {
    dump,
    ...(globals && { globals }),
    ...(staging && { staging }),
    ...(manifestFile && { manifest: manifestFile }),
  };
  return { label, timestamp, manifest, checks, artifacts, store: undefined, set: undefined };
}
