import { isBackupError, withoutMend } from '../errors.ts';
import type { Archiver } from '../ports/archiver.ts';
import type { ArtifactSource } from '../ports/artifact-store.ts';
import type { DumpProducer } from '../ports/dump-producer.ts';
import type { RestoreInput } from '../ports/dump-restorer.ts';
import { sideBySide } from '../run/side-by-side.ts';
import { drain, verifyArtifact } from '../run/verify-artifact.ts';
import type { FetchedSource } from './fetch-source.ts';
import type { RestoreArtifact } from './restore-source.ts';

export interface DamagedArtifact {
  readonly artifact: 'dump' | 'globals' | 'staging';
  readonly problem: string;
}

export interface CheckedSource {
  readonly input: RestoreInput;
  readonly staging: ArtifactSource | undefined;
  readonly damaged: readonly DamagedArtifact[];
}

export interface CheckParts {
  readonly producer: Pick<DumpProducer, 'check'>;
  readonly archiver: Pick<Archiver, 'check'>;
}

/** Reads every artifact from its first to its last byte: by its SHA-256, where a manifest has it, and by the program that knows its form. */
export async function checkSource(parts: CheckParts, source: FetchedSource, { signal: stop }: { readonly signal: AbortSignal }): Promise<CheckedSource> {
  const damaged: DamagedArtifact[] = [];
  const check = async (artifact: DamagedArtifact['artifact'], from: RestoreArtifact | undefined, signal: AbortSignal, read: (content: ArtifactSource) => Promise<unknown>): Promise<ArtifactSource | undefined> => {
    if (from === undefined) return undefined;
    const content: ArtifactSource = { bytes: from.bytes, sha256: from.sha256 ?? '', path: from.path, open: (range) => from.open(range) };
    try {
      if (from.sha256 === undefined) await read(content);
      else await verifyArtifact(from.name, content, read, signal);
    } catch (error) {
      if (!isBackupError(error, 'ARTIFACT_UNREADABLE')) throw error;
      const problem = withoutMend(error);
      damaged.push({ artifact, problem: problem.startsWith(from.name) ? problem : `${from.name}: ${problem}` });
    }
    return content;
  };
  const [dump, globals, staging] = await sideBySide<[ArtifactSource | undefined, ArtifactSource | undefined, ArtifactSource | undefined]>(stop, (signal) => [
    check('dump', source.dump, signal, (content) => parts.producer.check(content, { signal })),
    check('globals', source.globals, signal, drain),
    check('staging', source.staging, signal, (content) => parts.archiver.check(content, { signal })),
  ]);
  return { input: { dump: dump!, globals, manifest: source.manifest }, staging, damaged };
}
