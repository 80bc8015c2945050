import type { ArtifactKind } from '../model/artifact-name.ts';
import type { BackupSet } from '../model/backup-set.ts';
import type { Checks, Manifest } from '../model/manifest.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactContent, ArtifactStore } from './artifact-store.ts';

/** An artifact of a copy, ready to be read. */
export interface ReadableArtifact extends ArtifactContent {
  /** Its file name, for messages. */
  readonly name: string;
  /** From the manifest; `undefined` if there is none. */
  readonly sha256: string | undefined;
}

/** A set as one store has it in one tier, or files of this machine. */
export interface SetCopy {
  /** For people: `set 20261122_020000 (daily, local)`, or a path. */
  readonly label: string;
  /** Of the run that made it; `undefined` for a dump of another origin. */
  readonly timestamp: RunTimestamp | undefined;
  /** `undefined` if there is none, or it cannot be used: then less can be checked. */
  readonly manifest: Manifest | undefined;
  /** The latest result of each check. */
  readonly checks: Checks;
  /** Those that exist, by kind. The manifest is here whether or not it can be used. */
  readonly artifacts: Readonly<Partial<Record<ArtifactKind, ReadableArtifact>>>;
  /** Why it should not be trusted, one sentence each. `force` overrides them. */
  readonly warnings: readonly string[];
  /**
   * Whether only this program can have written it, as far as its store shows: then a restore gives roles all
   * their privileges.
   */
  readonly trusted: boolean;
  /** The set and its store; `undefined` for files, which need not be all that a run has made. */
  readonly stored: { readonly store: ArtifactStore; readonly set: BackupSet } | undefined;
}

/**
 * Dumps and archives that the operator has as files.
 * @throws BackupError CONFIG_INVALID if there is no such file
 */
export interface FileSources {
  /**
   * Returns a dump under any name. If it has the name that a run gives, the manifest, globals and archive of
   * that run beside it belong to it.
   */
  dump(path: string): Promise<SetCopy>;
  /**
   * Returns the path of the dump beside another artifact of the same run; of any other file, its own.
   * @throws BackupError CONFIG_INVALID if no dump is beside such an artifact
   */
  dumpOf(path: string): Promise<string>;
  /** Returns a staging archive. */
  archive(path: string): Promise<ReadableArtifact>;
}
