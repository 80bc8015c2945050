import { throwIfAborted, toBackupError, BackupError } from '../base/errors.ts';
import type { Checks } from '../model/manifest.ts';
import type { ArtifactSource } from '../ports/artifact-store.ts';
import type { RestoreInput } from '../ports/dump-restorer.ts';
import { sideBySide } from '../base/side-by-side.ts';
import {
  readArtifact,
  readBytes,
  type Reading,
  type ReadingParts,
  type ReadKind,
} from '../verify/read-artifact.ts';
import type { FetchedSource } from './fetch-source.ts';
import { contentOf, type RestoreArtifact } from '../ports/restore-artifact.ts';

export interface DamagedArtifact {
  readonly artifact: ReadKind;
  readonly problem: string;
}

export interface CheckedSource {
  readonly input: RestoreInput;
  /** The damaged artifacts of the database. */
  readonly damaged: readonly DamagedArtifact[];
  readonly staging: CheckedStaging;
}

export interface CheckedStaging {
  readonly content: ArtifactSource | undefined;
  /** What a restore of the archive leaves out, as far as it was listed. */
  readonly leftOut: readonly string[];
  /** Why the archive cannot be restored, which is no reason not to restore the database. */
  readonly error: BackupError | undefined;
}

export interface CheckOptions {
  /**
   * The artifacts that are going to be put aside, whole, before anything is replaced: that reads them as
   * their own programs do. Of these the SHA-256 is enough, where they were once read through with the very
   * same bytes.
   */
  readonly putAside: readonly ReadKind[];
  /** Of the input that comes of it. */
  readonly privilegedRoles: boolean;
  readonly keepGoing: boolean;
  readonly signal: AbortSignal;
}

/** Reads every artifact from its first to its last byte. */
export async function checkSource(
  parts: ReadingParts,
  source: FetchedSource,
  { putAside, privilegedRoles, keepGoing, signal: stop }: CheckOptions,
): Promise<CheckedSource> {
  const { dump, globals, staging, manifest, checks } = source;
  const read = (kind: ReadKind, artifact: RestoreArtifact, signal: AbortSignal): Promise<Reading> =>
    putAside.includes(kind) && wasReadThrough(artifact, checks)
      ? readBytes(artifact, signal)
      : readArtifact(parts, kind, artifact, signal);
  const [ofDump, ofGlobals, checkedStaging] = await sideBySide<
    [Reading, Reading | undefined, CheckedStaging]
  >(stop, (signal) => [
    read('dump', dump, signal),
    Promise.resolve(globals && read('globals', globals, signal)),
    checkStaging(staging, (archive) => read('staging', archive, signal), signal),
  ]);
  const readings = Object.entries({ dump: ofDump, globals: ofGlobals }) as [ReadKind, Reading | undefined][];
  const damaged = readings.flatMap(([artifact, reading]) =>
    reading?.problem === undefined ? [] : [{ artifact, problem: reading.problem }],
  );
  return {
    input: { dump: ofDump.content, globals: ofGlobals?.content, manifest, privilegedRoles, keepGoing },
    staging: checkedStaging,
    damaged,
  };
}

async function checkStaging(
  archive: RestoreArtifact | undefined,
  read: (archive: RestoreArtifact) => Promise<Reading>,
  signal: AbortSignal,
): Promise<CheckedStaging> {
  if (archive === undefined) return { content: undefined, leftOut: [], error: undefined };
  try {
    const { content, problem, archive: { leftOut = [], refusal } = {} } = await read(archive);
    if (problem !== undefined)
      return { content, leftOut, error: new BackupError('ARTIFACT_UNREADABLE', problem) };
    const error =
      refusal === undefined ? undefined : new BackupError('STAGING_FAILED', `the archive ${refusal}`);
    return { content, leftOut, error };
  } catch (error) {
    throwIfAborted(signal);
    return { content: contentOf(archive), leftOut: [], error: toBackupError(error) };
  }
}

/**
 * Whether the bytes that the manifest speaks of were once read by the program that knows their form, and
 * found good.
 */
function wasReadThrough({ sha256 }: RestoreArtifact, { content }: Checks): boolean {
  return sha256 !== undefined && content?.outcome === 'passed';
}
