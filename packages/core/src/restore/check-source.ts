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
import type { RestoreArtifact } from '../ports/restore-artifact.ts';

export interface DamagedArtifact {
  readonly artifact: ReadKind;
  readonly problem: string;
}

export interface CheckedSource {
  readonly input: RestoreInput;
  readonly staging: ArtifactSource | undefined;
  readonly damaged: readonly DamagedArtifact[];
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
  const [ofDump, ofGlobals, ofStaging] = await sideBySide<
    [Reading, Reading | undefined, Reading | undefined]
  >(stop, (signal) => [
    read('dump', dump, signal),
    Promise.resolve(globals && read('globals', globals, signal)),
    Promise.resolve(staging && read('staging', staging, signal)),
  ]);
  const readings = Object.entries({ dump: ofDump, globals: ofGlobals, staging: ofStaging }) as [
    ReadKind,
    Reading | undefined,
  ][];
  const damaged = readings.flatMap(([artifact, reading]) =>
    reading?.problem === undefined ? [] : [{ artifact, problem: reading.problem }],
  );
  return {
    input: { dump: ofDump.content, globals: ofGlobals?.content, manifest, privilegedRoles, keepGoing },
    staging: ofStaging?.content,
    damaged,
  };
}

/**
 * Whether the bytes that the manifest speaks of were once read by the program that knows their form, and
 * found good.
 */
function wasReadThrough({ sha256 }: RestoreArtifact, { content }: Checks): boolean {
  return sha256 !== undefined && content?.outcome === 'passed';
}
