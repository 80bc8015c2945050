import { BackupError, errorText, isBackupError, throwIfAborted, toBackupError } from '../base/errors.ts';
import { sideBySide } from '../base/side-by-side.ts';
import { formatArtifactName, type ArtifactKind } from '../model/artifact-name.ts';
import { manifestChecksumProblem } from '../model/manifest-checksum.ts';
import { parseManifest } from '../model/manifest-text.ts';
import type { ManifestArtifact } from '../model/manifest.ts';
import type { ArchiveCheck, Archiver } from '../ports/archiver.ts';
import type { ArtifactContent } from '../ports/artifact-store.ts';
import type { DumpProducer } from '../ports/dump-producer.ts';
import type { ReadableArtifact, SetCopy } from '../ports/set-copy.ts';
import { manifestTextOf } from '../ports/text-source.ts';
import { drain, nothingMore, verifyArtifact } from './verify-artifact.ts';

/** What knows the forms of the artifacts. */
export interface ReadingParts {
  readonly producer: Pick<DumpProducer, 'check'>;
  readonly archiver: Pick<Archiver, 'check'>;
}

/** Result of reading one artifact from its first to its last byte. */
export interface ArtifactReading {
  readonly kind: ArtifactKind;
  readonly name: string;
  /** Length in bytes; `undefined` if it is missing. */
  readonly bytes: number | undefined;
  /** What is wrong with it, beginning with its name; `undefined` if it is good as far as it was judged. */
  readonly problem: string | undefined;
  /** Why it was not judged, or only by its bytes; absent if it was. */
  readonly unjudged?: string | undefined;
  /** What a restore leaves out of an archive: one text for each reason, with names. */
  readonly leftOut?: readonly string[] | undefined;
  /** Why a restore cannot use it although it is not damaged. */
  readonly refusal?: BackupError | undefined;
  /** Why it could not be read to its end. */
  readonly failure?: BackupError | undefined;
}

/** Which artifacts of a copy are read, and how. */
export interface ReadCopyOptions {
  /** Defaults to all that the set should have. */
  readonly kinds?: readonly ArtifactKind[] | undefined;
  /** Those of which the SHA-256 is enough. Defaults to none. */
  readonly bytesOnly?: readonly ArtifactKind[] | undefined;
  readonly signal: AbortSignal;
}

const ALL: readonly ArtifactKind[] = ['manifest', 'dump', 'globals', 'staging'];

/**
 * Reads artifacts of a copy side by side and compares them with its manifest: their SHA-256, and their form by
 * the program that knows it. Damage and failed readings are results, not errors.
 * @throws what the signal is aborted with
 */
export async function readCopy(
  parts: ReadingParts,
  copy: SetCopy,
  { kinds = ALL, bytesOnly = [], signal: stop }: ReadCopyOptions,
): Promise<readonly ArtifactReading[]> {
  const readings = await sideBySide<(ArtifactReading | undefined)[]>(stop, (signal) =>
    kinds.map((kind) => {
      if (kind === 'manifest') return readManifest(copy);
      const form = bytesOnly.includes(kind) ? undefined : formOf(parts, kind, signal);
      return readArtifact(copy, kind, form, signal);
    }),
  );
  return readings.filter((reading) => reading !== undefined);
}

/** Whether one of these artifacts is damaged or missing; any if none are named. */
export function isDamaged(readings: readonly ArtifactReading[], ...kinds: readonly ArtifactKind[]): boolean {
  return readings.some(
    ({ kind, problem }) => problem !== undefined && (kinds.length === 0 || kinds.includes(kind)),
  );
}

/** Reads content to its end, and returns what it found if it is an archive. */
type Form = (content: ArtifactContent) => Promise<ArchiveCheck | undefined>;

function formOf(parts: ReadingParts, kind: ArtifactKind, signal: AbortSignal): Form | undefined {
  if (kind === 'staging') return (content) => parts.archiver.check(content, { signal });
  if (kind !== 'dump') return undefined;
  return async (content) => {
    await parts.producer.check(content, { signal });
    return undefined;
  };
}

async function readArtifact(
  copy: SetCopy,
  kind: ArtifactKind,
  form: Form | undefined,
  signal: AbortSignal,
): Promise<ArtifactReading | undefined> {
  const artifact = copy.artifacts[kind];
  const entry = copy.manifest?.artifacts.find((one) => one.kind === kind);
  if (artifact === undefined) {
    // A dump that was copied without its companions is whole.
    if (copy.stored === undefined || (entry === undefined && kind !== 'dump')) return undefined;
    const name = entry?.name ?? 'the dump';
    return { kind, name, bytes: undefined, problem: `${name} is missing` };
  }
  const { name, bytes } = artifact;
  const reading = { kind, name, bytes, problem: undefined };
  if (entry !== undefined && entry.bytes !== bytes)
    return { ...reading, problem: `${name} has ${bytes} bytes, its manifest says ${entry.bytes}` };
  try {
    const archive = await readForm(artifact, form, signal);
    return { ...reading, ...archiveReading(name, entry, archive) };
  } catch (error) {
    throwIfAborted(signal);
    const failure = toBackupError(error);
    if (failure.code === 'ARTIFACT_UNREADABLE') return { ...reading, problem: withName(name, failure) };
    // A newer pg_dump made it: its bytes can be compared nevertheless.
    if (failure.code === 'CLIENT_TOO_OLD' && form !== undefined) {
      const bytesAlone = await readArtifact(copy, kind, undefined, signal);
      return bytesAlone && { ...bytesAlone, unjudged: errorText(failure), refusal: failure };
    }
    return { ...reading, unjudged: `it could not be read: ${errorText(failure)}`, failure };
  }
}

/** Reads by the form and by the SHA-256, as far as these are known. */
function readForm(
  artifact: ReadableArtifact,
  form: Form | undefined,
  signal: AbortSignal,
): Promise<ArchiveCheck | undefined> {
  const { name, sha256 } = artifact;
  // Without a file, the reader's progress can be watched.
  if (sha256 === undefined) return (form ?? drain)({ ...artifact, path: undefined });
  return verifyArtifact(name, { ...artifact, sha256 }, form ?? nothingMore, signal);
}

function archiveReading(
  name: string,
  entry: ManifestArtifact | undefined,
  { members, leftOut, refusal }: Partial<ArchiveCheck> = {},
): Partial<ArtifactReading> {
  const miscounted = entry?.members !== undefined && members !== undefined && members !== entry.members;
  return {
    ...(miscounted && { problem: `${name} has ${members} members, its manifest says ${entry.members}` }),
    ...(leftOut !== undefined && { leftOut }),
    ...(refusal !== undefined && {
      unjudged: `a restore unpacks nothing of it, because it ${refusal}`,
      refusal: new BackupError('STAGING_FAILED', `the archive ${refusal}`),
    }),
  };
}

function withName(name: string, { message }: BackupError): string {
  return message.startsWith(name) ? message : `${name}: ${message}`;
}

async function readManifest({ artifacts, stored }: SetCopy): Promise<ArtifactReading | undefined> {
  const kind = 'manifest';
  const file = artifacts.manifest;
  if (file !== undefined) {
    const { name, bytes } = file;
    const problem = await manifestProblem(file.open());
    return { kind, name, bytes, problem: problem && `${name}: ${problem}` };
  }
  if (stored?.set.state !== 'partial') return undefined;
  const name = formatArtifactName({ kind, timestamp: stored.set.timestamp });
  return { kind, name, bytes: undefined, problem: `${name} is missing` };
}

/** Returns what is wrong with the text of a manifest; `undefined` if it is the one that was written. */
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
