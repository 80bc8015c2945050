import type { ArtifactKind } from '../model/artifact-name.ts';
import type { BackupSet } from '../model/backup-set.ts';
import type { Checks, Manifest } from '../model/manifest.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactContent, ArtifactStore } from './artifact-store.ts';

/** An artifact of a copy, ready to read. */
export interface ReadableArtifact extends ArtifactContent {
  /** File name, for messages. */
  readonly name: string;
  /** From the manifest. `undefined` if there is no manifest. */
  readonly sha256: string | undefined;
  /**
   * The encrypted form, as stored. `undefined` if the artifact is not encrypted. Otherwise the artifact is the
   * plain text, which only an identity opens: reading it fails with KEY_MISSING without one.
   */
  readonly encrypted?: ReadableArtifact | undefined;
}

/** A set and the store that has it. */
export interface StoredSet {
  readonly store: ArtifactStore;
  readonly set: BackupSet;
}

/** A set in one tier of one store, or local files. */
export interface SetCopy {
  /** Text for the operator: `set 20261122_020000 (daily, local)`, or a path. */
  readonly label: string;
  /** Timestamp of the run that made it. `undefined` for a dump of another origin. */
  readonly timestamp: RunTimestamp | undefined;
  /** `undefined` if there is none, or it is not usable. Fewer checks are possible then. */
  readonly manifest: Manifest | undefined;
  /** The latest result of each check. */
  readonly checks: Checks;
  /** Existing artifacts, by kind. Includes the manifest even if it is not usable. */
  readonly artifacts: Readonly<Partial<Record<ArtifactKind, ReadableArtifact>>>;
  /** Warnings about its trustworthiness, one sentence each. `force` overrides them. */
  readonly warnings: readonly string[];
  /**
   * Whether only this program can have written it, as far as the store shows. A restore then gives roles all
   * their privileges.
   */
  readonly trusted: boolean;
  /** The set and its store. `undefined` for files, which may be only a part of the set. */
  readonly stored: StoredSet | undefined;
}

/**
 * Dumps and archives that the operator has as files.
 * @throws BackupError CONFIG_INVALID if the file does not exist
 */
export interface FileSources {
  /**
   * Returns a dump of any name. If a run gave the name, the copy includes the manifest, globals and archive
   * of that run in the same folder.
   */
  dump(path: string): Promise<SetCopy>;
  /**
   * Returns the path of the dump next to another artifact of the same run. Returns the path itself for any
   * other file.
   * @throws BackupError CONFIG_INVALID if no dump is next to such an artifact
   */
  dumpOf(path: string): Promise<string>;
  /** Returns a staging archive. */
  archive(path: string): Promise<ReadableArtifact>;
}
