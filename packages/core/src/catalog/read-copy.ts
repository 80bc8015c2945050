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
import { withDetails } from './plain-text.ts';
import { drain, nothingMore, verifyArtifact } from './verify-artifact.ts';

/** Programs that check the formats of the artifacts. */
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
  /** The problem, beginning with the artifact's name. `undefined` if none was found. */
  readonly problem: string | undefined;
  /** Why its format was not checked. `undefined` if it was. */
  readonly unjudged?: string | undefined;
  /** Members that a restore of the archive leaves out: one text per reason, with names. */
  readonly leftOut?: readonly string[] | undefined;
  /** Why a restore cannot use it although it is not damaged. */
  readonly refusal?: BackupError | undefined;
  /** Why it could not be read to its end. */
  readonly failure?: BackupError | undefined;
}

/** Which artifacts of a copy are read, and how. */
export interface ReadCopyOptions {
  /** Artifacts to read. Defaults to all that the set should have. */
  readonly kinds?: readonly ArtifactKind[] | undefined;
  /** Artifacts of which only the SHA-256 is verified. Defaults to none. */
  readonly bytesOnly?: readonly ArtifactKind[] | undefined;
  readonly signal: AbortSignal;
}

const ALL: readonly ArtifactKind[] = ['manifest', 'details', 'dump', 'globals', 'staging'];

/**
 * Reads artifacts of a copy concurrently. Compares their SHA-256 with the manifest, and checks their format
 * with the program for it. Damage and failed reads are results, not errors.
 * @throws the reason of the signal if it fires
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

/** Returns whether one of the given artifacts is damaged or missing. Defaults to all artifacts. */
export function isDamaged(readings: readonly ArtifactReading[], ...kinds: readonly ArtifactKind[]): boolean {
  return readings.some(
    ({ kind, problem }) => problem !== undefined && (kinds.length === 0 || kinds.includes(kind)),
  );
}

/** Reads content to its end. Returns the result of the check if the content is an archive. */
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
    // A dump copied without its companions counts as whole.
    if (copy.stored === undefined || (entry === undefined && kind !== 'dump')) return undefined;
    const name = entry?.name ?? 'the dump';
    return { kind, name, bytes: undefined, problem: `${name} is missing` };
  }
  const { name, bytes } = artifact.encrypted ?? artifact;
  const reading = { kind, name, bytes, problem: undefined };
  if (entry !== undefined && entry.bytes !== bytes)
    return { ...reading, problem: `${name} has ${bytes} bytes, its manifest says ${entry.bytes}` };
  try {
    if (kind === 'details' && artifact.encrypted !== undefined) await withDetails(copy);
    const archive = await readForm(artifact, form, signal);
    return { ...reading, ...archiveReading(name, entry, archive) };
  } catch (error) {
    throwIfAborted(signal);
    const failure = toBackupError(error);
    if (failure.code === 'ARTIFACT_UNREADABLE' || failure.code === 'MANIFEST_INVALID')
      return { ...reading, problem: withName(name, failure) };
    // The pg_dump was newer than the installed programs. The SHA-256 can still be verified.
    if (failure.code === 'CLIENT_TOO_OLD' && form !== undefined) {
      const bytesAlone = await readArtifact(copy, kind, undefined, signal);
      return bytesAlone && { ...bytesAlone, unjudged: errorText(failure), refusal: failure };
    }
    // Without an identity, the bytes of the encrypted form can still be verified.
    if (failure.code === 'KEY_MISSING' && artifact.encrypted !== undefined) {
      const stored = { ...copy, artifacts: { [kind]: artifact.encrypted } };
      const encrypted = await readArtifact(stored, kind, undefined, signal);
      const unjudged = failure.message.replace(`${name} is`, 'it is');
      return encrypted && { ...encrypted, unjudged, refusal: failure };
    }
    return { ...reading, unjudged: `it could not be read: ${errorText(failure)}`, failure };
  }
}

/** Verifies the format and the SHA-256, as far as they are known. */
function readForm(
  artifact: ReadableArtifact,
  form: Form | undefined,
  signal: AbortSignal,
): Promise<ArchiveCheck | undefined> {
  const { name, sha256 } = artifact;
  // Hides the path, so that the reader's progress can be watched.
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

/** Returns how the text of a manifest differs from the written one. `undefined` if it does not. */
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
