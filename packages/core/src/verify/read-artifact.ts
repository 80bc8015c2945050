import { isBackupError } from '../base/errors.ts';
import type { ArchiveCheck, Archiver } from '../ports/archiver.ts';
import type { ArtifactSource } from '../ports/artifact-store.ts';
import type { DumpProducer } from '../ports/dump-producer.ts';
import { contentOf, type RestoreArtifact } from '../ports/restore-artifact.ts';
import { drain, nothingMore, verifyArtifact } from './verify-artifact.ts';

/** What knows the forms of the artifacts. */
export interface ReadingParts {
  readonly producer: Pick<DumpProducer, 'check'>;
  readonly archiver: Pick<Archiver, 'check'>;
}

export type ReadKind = 'dump' | 'globals' | 'staging';

export interface Reading {
  /** The artifact as a source for others. */
  readonly content: ArtifactSource;
  /** What is wrong with it, beginning with its name; undefined when it is good. */
  readonly problem: string | undefined;
  /** Of a staging archive that was listed. */
  readonly archive: ArchiveCheck | undefined;
}

/** Reads the artifact to its end, and returns what it found if it is an archive. */
type Reader = (content: ArtifactSource) => Promise<ArchiveCheck | undefined>;

/**
 * Reads an artifact from its first to its last byte: by its SHA-256, where a manifest has it, and by the
 * program that knows its form. Damage is an answer; what the reading itself fails with is thrown.
 */
export async function readArtifact(
  parts: ReadingParts,
  kind: ReadKind,
  artifact: RestoreArtifact,
  signal: AbortSignal,
): Promise<Reading> {
  const readers: Record<ReadKind, Reader | undefined> = {
    dump: async (source) => {
      await parts.producer.check(source, { signal });
      return undefined;
    },
    globals: undefined,
    staging: (source) => parts.archiver.check(source, { signal }),
  };
  return readWith(readers[kind], artifact, signal);
}

/** Likewise, by its SHA-256 alone. */
export async function readBytes(artifact: RestoreArtifact, signal: AbortSignal): Promise<Reading> {
  return readWith(undefined, artifact, signal);
}

async function drained(source: ArtifactSource): Promise<undefined> {
  await drain(source);
  return undefined;
}

/** @param read undefined where nobody knows the form: then it is enough that every byte was read */
async function readWith(
  read: Reader | undefined,
  artifact: RestoreArtifact,
  signal: AbortSignal,
): Promise<Reading> {
  const content = contentOf(artifact);
  try {
    // Nobody else reads it then, and somebody may be watching how far it is.
    const archive = await (artifact.sha256 === undefined
      ? (read ?? drained)({ ...content, path: undefined })
      : verifyArtifact(artifact.name, content, read ?? nothingMore, signal));
    return { content, problem: undefined, archive };
  } catch (error) {
    if (!isBackupError(error, 'ARTIFACT_UNREADABLE')) throw error;
    const problem = error.message;
    return {
      content,
      problem: problem.startsWith(artifact.name) ? problem : `${artifact.name}: ${problem}`,
      archive: undefined,
    };
  }
}
