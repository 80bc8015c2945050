import type { ArtifactKind } from '../model/artifact-name.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { RestoreSource } from '../ports/file-sources.ts';
import type { RestoreArtifact } from '../ports/restore-artifact.ts';
import { artifactOfSet } from './artifact-of-set.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { warningsOf } from './warnings-of.ts';
import { labelOf } from './label-of.ts';

export interface SourceOptions extends StoreOptions {
  readonly trusted: boolean;
}

/** A set of a store as something to restore from; undefined when it has no dump. */
export function sourceOfSet(
  store: ArtifactStore,
  set: BackupSet,
  { trusted, ...options }: SourceOptions,
): RestoreSource | undefined {
  const one = (kind: ArtifactKind): RestoreArtifact | undefined => artifactOfSet(store, set, kind, options);
  const dump = one('dump');
  if (dump === undefined) return undefined;
  return {
    label: labelOf(store, set),
    timestamp: set.timestamp,
    manifest: set.manifest,
    checks: set.checks,
    dump,
    globals: one('globals'),
    staging: one('staging'),
    manifestFile: one('manifest'),
    warnings: warningsOf(set),
    trusted,
  };
}
