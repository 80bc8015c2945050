import type { ArtifactSource } from '../ports/artifact-store.ts';
import type { RestoreInput } from '../ports/dump-restorer.ts';
import { sideBySide } from '../run/side-by-side.ts';
import { readArtifact, type Reading, type ReadingParts, type ReadKind } from '../verify/read-artifact.ts';
import type { FetchedSource } from './fetch-source.ts';

export interface DamagedArtifact {
  readonly artifact: ReadKind;
  readonly problem: string;
}

export interface CheckedSource {
  readonly input: RestoreInput;
  readonly staging: ArtifactSource | undefined;
  readonly damaged: readonly DamagedArtifact[];
}

/** Reads every artifact from its first to its last byte. */
export async function checkSource(parts: ReadingParts, source: FetchedSource, { signal: stop }: { readonly signal: AbortSignal }): Promise<CheckedSource> {
  const { dump, globals, staging } = source;
  const [ofDump, ofGlobals, ofStaging] = await sideBySide<[Reading, Reading | undefined, Reading | undefined]>(stop, (signal) => [
    readArtifact(parts, 'dump', dump, signal),
    Promise.resolve(globals && readArtifact(parts, 'globals', globals, signal)),
    Promise.resolve(staging && readArtifact(parts, 'staging', staging, signal)),
  ]);
  const readings = Object.entries({ dump: ofDump, globals: ofGlobals, staging: ofStaging }) as [ReadKind, Reading | undefined][];
  const damaged = readings.flatMap(([artifact, reading]) => (reading?.problem === undefined ? [] : [{ artifact, problem: reading.problem }]));
  return { input: { dump: ofDump.content, globals: ofGlobals?.content, manifest: source.manifest }, staging: ofStaging?.content, damaged };
}
