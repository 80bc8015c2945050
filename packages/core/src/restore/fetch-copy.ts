import { artifactKey } from '../model/artifact-key.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import { withStaging } from '../catalog/set-copy.ts';
import type { ReadableArtifact, SetCopy } from '../ports/set-copy.ts';

export interface FetchOptions {
  /** Called if the staging archive could not be fetched; the others are needed. */
  readonly onStagingError: (error: unknown) => undefined;
  readonly signal: AbortSignal;
}

/** A copy whose artifacts lie on this machine until it is disposed of. */
export interface FetchedCopy extends AsyncDisposable {
  readonly copy: SetCopy;
}

/**
 * Brings artifacts that lie elsewhere to the volume, under temporary names that the volume's clean-up knows. The
 * stores resume an interrupted reading. What arrived is checked afterwards, with everything else.
 */
export async function fetchCopy(
  primary: PrimaryStore,
  copy: SetCopy,
  { onStagingError, signal }: FetchOptions,
): Promise<FetchedCopy> {
  const transaction = primary.begin();
  const fetch = async (artifact: ReadableArtifact): Promise<ReadableArtifact> => {
    if (artifact.path !== undefined || primary.capabilities.localFiles === undefined) return artifact;
    const { name, sha256 } = artifact;
    const written = await transaction.write(artifactKey('daily', name), artifact.open(), { signal });
    const { bytes, path } = written;
    return { name, sha256, bytes, path, open: (range, options) => written.open(range, options) };
  };
  const { dump, globals, staging, ...others } = copy.artifacts;
  try {
    const artifacts = {
      ...others,
      ...(dump && { dump: await fetch(dump) }),
      ...(globals && { globals: await fetch(globals) }),
    };
    const archive = await (staging && fetch(staging).catch(onStagingError));
    return {
      copy: withStaging({ ...copy, artifacts }, archive),
      [Symbol.asyncDispose]: () => transaction.rollback(),
    };
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}
