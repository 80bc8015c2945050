import { artifactKey } from '../model/artifact-key.ts';
import type { PrimaryStore } from '../ports/primary-store.ts';
import { withStaging } from '../catalog/set-copy.ts';
import type { ReadableArtifact, SetCopy } from '../ports/set-copy.ts';

export interface FetchOptions {
  /** Called if the staging archive cannot be fetched. The restore needs all other artifacts. */
  readonly onStagingError: (error: unknown) => undefined;
  readonly signal: AbortSignal;
}

/** A copy with local artifacts, until it is disposed of. */
export interface FetchedCopy extends AsyncDisposable {
  readonly copy: SetCopy;
}

/**
 * Fetches remote artifacts to the volume, under temporary names that the clean-up of the volume knows. The
 * stores resume interrupted reads. The caller checks the fetched bytes together with everything else.
 */
export async function fetchCopy(
  primary: PrimaryStore,
  copy: SetCopy,
  { onStagingError, signal }: FetchOptions,
): Promise<FetchedCopy> {
  const transaction = primary.begin();
  const fetch = async (artifact: ReadableArtifact): Promise<ReadableArtifact> => {
    if (artifact.path !== undefined || primary.capabilities.localFiles === undefined) return artifact;
    const { name, sha256, encrypted } = artifact;
    const written = await transaction.write(artifactKey('daily', name), artifact.open(), { signal });
    const { bytes, path } = written;
    const open: ReadableArtifact['open'] = (range, options) => written.open(range, options);
    return { name, sha256, bytes, path, encrypted, open };
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
