import { artifactKey } from '../model/artifact-key.ts';
import type { Draft, PrimaryStore } from '../ports/primary-store.ts';
import type { RestoreArtifact } from '../ports/restore-artifact.ts';
import type { RestoreSource } from '../ports/file-sources.ts';

export interface FetchOptions {
  /** Whether the staging archive is needed too. */
  readonly staging: boolean;
  /** False: leave it where it is, to be read from there. */
  readonly keep: boolean;
  /** Called if the staging archive could not be fetched; the others are needed. */
  readonly onStagingError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** A source whose artifacts lie on this machine, until it is disposed of. */
export interface FetchedSource extends Omit<RestoreSource, 'staging'>, AsyncDisposable {
  /** Undefined also when it was not asked for, or could not be fetched. */
  readonly staging: RestoreArtifact | undefined;
}

/**
 * Brings what lies elsewhere to the volume, under temporary names that the volume's clean-up knows; what lies on
 * this machine stays where it is. The stores resume a reading that breaks off; what arrived is checked
 * afterwards, with everything else.
 */
export async function fetchSource(
  primary: PrimaryStore,
  source: RestoreSource,
  { staging, keep, onStagingError, signal }: FetchOptions,
): Promise<FetchedSource> {
  const drafts: Draft[] = [];
  const dispose = async (): Promise<void> => {
    for (const draft of drafts) await draft.discard().catch(() => undefined); // the next clean-up removes it
  };
  const failedStaging = (error: unknown): undefined => {
    onStagingError(error);
  };
  const fetch = async (artifact: RestoreArtifact): Promise<RestoreArtifact> => {
    if (!keep || artifact.path !== undefined || primary.pathOf === undefined) return artifact;
    const draft = await primary.draft(artifactKey('daily', artifact.name), artifact.open(), { signal });
    drafts.push(draft);
    return {
      name: artifact.name,
      sha256: artifact.sha256,
      bytes: draft.bytes,
      path: draft.path,
      open: (range, options) => draft.open(range, options),
    };
  };
  try {
    return {
      ...source,
      dump: await fetch(source.dump),
      globals: source.globals && (await fetch(source.globals)),
      staging:
        staging && source.staging !== undefined
          ? await fetch(source.staging).catch(failedStaging)
          : undefined,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
