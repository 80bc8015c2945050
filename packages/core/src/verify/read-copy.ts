import { errorText, isBackupError, throwIfAborted } from '../base/errors.ts';
import { parseManifest } from '../model/manifest-text.ts';
import { manifestChecksumProblem } from '../model/manifest-checksum.ts';
import { formatArtifactName, type ArtifactKind } from '../model/artifact-name.ts';
import type { ArtifactSource } from '../ports/artifact-store.ts';
import { sideBySide } from '../base/side-by-side.ts';
import type { BackupSet } from '../model/backup-set.ts';
import type { RestoreArtifact } from '../ports/restore-artifact.ts';
import { manifestTextOf } from '../ports/text-source.ts';
import type { Copy } from './copy.ts';
import { readArtifact, readBytes, type Reading, type ReadingParts, type ReadKind } from './read-artifact.ts';

/** What is known of one artifact, after it was read. */
export interface ArtifactVerdict {
  readonly kind: ArtifactKind;
  readonly name: string;
  /** Length in bytes; undefined when it is missing. */
  readonly bytes: number | undefined;
  /** What is wrong with it, beginning with its name; undefined when it is good. */
  readonly problem: string | undefined;
  /**
   * Why it is not known whether it is good: this machine cannot read its form, and only its bytes were
   * compared; or it could not be read.
   */
  readonly unjudged?: string | undefined;
  /** What a restore leaves out of an archive: one text for each reason, with names. */
  readonly leftOut?: readonly string[] | undefined;
}

export interface CopyReading {
  /** The manifest first. */
  readonly artifacts: readonly ArtifactVerdict[];
  /** The archive, where there is one and it is good. */
  readonly staging: ArtifactSource | undefined;
}

/**
 * Reads all artifacts of a copy, and compares them with what the manifest says; damage is an answer, not an
 * error.
 */
export async function readCopy(parts: ReadingParts, copy: Copy, stop: AbortSignal): Promise<CopyReading> {
  const [manifest, dump, globals, staging] = await sideBySide<
    [ArtifactVerdict | undefined, Read | undefined, Read | undefined, Read | undefined]
  >(stop, (signal) => [
    readManifest(copy),
    readOne(parts, 'dump', copy, signal),
    readOne(parts, 'globals', copy, signal),
    readOne(parts, 'staging', copy, signal),
  ]);
  const found = [manifest, dump?.verdict, globals?.verdict, staging?.verdict].filter(
    (verdict) => verdict !== undefined,
  );
  const failure = [dump, globals, staging].find((read) => read?.failure !== undefined)?.failure;
  // What is known to be damaged is told, though another artifact could not be read.
  if (failure !== undefined && found.every(({ problem }) => problem === undefined)) throw failure.error;
  const artifacts = found.some(({ problem }) => problem !== undefined)
    ? found
    : [...found, ...whatElse(copy)];
  return { artifacts, staging: staging?.verdict.problem === undefined ? staging?.content : undefined };
}

interface Read {
  readonly verdict: ArtifactVerdict;
  readonly content: ArtifactSource | undefined;
  /** What its reading failed with, which says nothing of it. */
  readonly failure?: { readonly error: unknown } | undefined;
}

async function readOne(
  parts: ReadingParts,
  kind: ReadKind,
  { artifacts, manifest, set }: Copy,
  signal: AbortSignal,
): Promise<Read | undefined> {
  const artifact = artifacts[kind];
  const entry = manifest?.artifacts.find((one) => one.kind === kind);
  if (artifact === undefined) {
    // Whoever has copied the dump alone has a whole dump.
    if (set === undefined || (entry === undefined && kind !== 'dump')) return undefined;
    const name = entry?.name ?? 'the dump';
    return { verdict: { kind, name, bytes: undefined, problem: `${name} is missing` }, content: undefined };
  }
  const { name, bytes } = artifact;
  const verdict = (
    problem: string | undefined,
    unjudged?: string,
    leftOut?: readonly string[],
  ): ArtifactVerdict => ({
    kind,
    name,
    bytes,
    problem,
    ...(unjudged !== undefined && { unjudged }),
    ...(leftOut !== undefined && { leftOut }),
  });
  if (entry !== undefined && entry.bytes !== bytes)
    return {
      verdict: verdict(`${name} has ${bytes} bytes, its manifest says ${entry.bytes}`),
      content: undefined,
    };
  let reading: Awaited<ReturnType<typeof readAsFarAsPossible>>;
  try {
    reading = await readAsFarAsPossible(parts, kind, artifact, signal);
  } catch (error) {
    throwIfAborted(signal);
    return {
      verdict: verdict(undefined, `it could not be read: ${errorText(error)}`),
      content: undefined,
      failure: { error },
    };
  }
  const { content, problem, unjudged, archive } = reading;
  const { members, leftOut, refusal } = archive ?? {};
  const miscounted = entry?.members !== undefined && members !== undefined && members !== entry.members;
  return {
    verdict: verdict(
      miscounted ? `${name} has ${members} members, its manifest says ${entry.members}` : problem,
      refusal === undefined ? unjudged : `a restore unpacks nothing of it, because it ${refusal}`,
      leftOut,
    ),
    content,
  };
}

/**
 * A dump that was made by a newer pg_dump than the programs here can read is compared with its SHA-256 all
 * the same.
 */
async function readAsFarAsPossible(
  parts: ReadingParts,
  kind: ReadKind,
  artifact: RestoreArtifact,
  signal: AbortSignal,
): Promise<Reading & { readonly unjudged?: string }> {
  try {
    return await readArtifact(parts, kind, artifact, signal);
  } catch (error) {
    if (!isBackupError(error, 'CLIENT_TOO_OLD')) throw error;
    return { ...(await readBytes(artifact, signal)), unjudged: errorText(error) };
  }
}

async function readManifest({ artifacts, set }: Copy): Promise<ArtifactVerdict | undefined> {
  const file = artifacts.manifest;
  if (file !== undefined) {
    const problem = await manifestProblem(file.open());
    return {
      kind: 'manifest',
      name: file.name,
      bytes: file.bytes,
      problem: problem && `${file.name}: ${problem}`,
    };
  }
  if (set?.state !== 'partial') return undefined;
  const name = manifestName(set);
  return { kind: 'manifest', name, bytes: undefined, problem: `${name} is missing` };
}

/** What is wrong with the text of a manifest; undefined when it is the one that was written. */
async function manifestProblem(content: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  try {
    const text = await manifestTextOf(content);
    parseManifest(text);
    return manifestChecksumProblem(text);
  } catch (error) {
    if (!isBackupError(error, 'MANIFEST_INVALID', 'MANIFEST_TOO_NEW')) throw error;
    return error.message;
  }
}

/** What makes a set partial though each of its artifacts is what it was: the manifest is another one’s. */
function whatElse({ set }: Copy): readonly ArtifactVerdict[] {
  if (set?.state !== 'partial') return [];
  const name = manifestName(set);
  return set.problems.map(
    (problem): ArtifactVerdict => ({
      kind: 'manifest',
      name,
      bytes: undefined,
      problem: `${name}: ${problem}`,
    }),
  );
}

function manifestName({ timestamp }: BackupSet): string {
  return formatArtifactName({ kind: 'manifest', timestamp });
}
