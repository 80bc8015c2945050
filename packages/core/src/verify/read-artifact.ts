import { isBackupError, withoutMend } from '../errors.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { ArtifactSource } from '../ports/artifact-store.ts';
import type { DumpProducer } from '../ports/dump-producer.ts';
import type { RestoreArtifact } from '../restore/restore-source.ts';
import { drain, verifyArtifact } from '../run/verify-artifact.ts';

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
  /** Of a staging archive. */
  readonly members: number | undefined;
}

/**
 * Reads an artifact from its first to its last byte: by its SHA-256, where a manifest has it, and by the program that knows its
 * form. Damage is an answer; what the reading itself fails with is thrown.
 */
export async function readArtifact(parts: ReadingParts, kind: ReadKind, artifact: RestoreArtifact, signal: AbortSignal): Promise<Reading> {
  const content: ArtifactSource = { bytes: artifact.bytes, sha256: artifact.sha256 ?? '', path: artifact.path, open: (range) => artifact.open(range) };
  const read: Record<ReadKind, (source: ArtifactSource) => Promise<number | undefined>> = {
    dump: async (source) => {
      await parts.producer.check(source, { signal });
      return undefined;
    },
    globals: async (source) => {
      await drain(source);
      return undefined;
    },
    staging: async (source) => (await parts.archiver.check(source, { signal })).members,
  };
  try {
    const members = await (artifact.sha256 === undefined ? read[kind](content) : verifyArtifact(artifact.name, content, read[kind], signal));
    return { content, problem: undefined, members };
  } catch (error) {
    if (!isBackupError(error, 'ARTIFACT_UNREADABLE')) throw error;
    const problem = withoutMend(error);
    return { content, problem: problem.startsWith(artifact.name) ? problem : `${artifact.name}: ${problem}`, members: undefined };
  }
}
