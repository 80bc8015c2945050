import { artifactKey } from '../model/artifact-key.ts';
import type { Draft, PrimaryStore } from '../ports/primary-store.ts';
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
  const drafts: Draft[] = [];
  const dispose = async (): Promise<void> => {
    for (const draft of drafts) await draft.discard().catch(() => undefined); // the next clean-up removes it
  };
  const fetch = async (artifact: ReadableArtifact): Promise<ReadableArtifact> => {
    if (artifact.path !== undefined || primary.pathOf === undefined) return artifact;
    const draft = await primary.draft(artifactKey('daily', artifact.name), artifact.open(), { signal });
    drafts.push(draft);
    const { name, sha256 } = artifact;
    const { bytes, path } = draft;
    return { name, sha256, bytes, path, open: (range, options) => draft.open(range, options) };
  };
  const { dump, globals, staging, ...others } = copy.artifacts;
  try {
    const artifacts = {
      ...others,
      ...(dump && { dump: await fetch(dump) }),
      ...(globals && { globals: await fetch(globals) }),
    };
    const archive = await (staging && fetch(staging).catch(onStagingError));
    return { copy: withStaging({ ...copy, artifacts }, archive), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
