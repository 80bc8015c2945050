import { splitKey } from '../model/artifact-key.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { RestoreArtifact } from '../ports/restore-artifact.ts';
import type { BackupSet } from '../model/backup-set.ts';

/** The artifact of a set of this kind, as something to read; undefined when the set has none. */
export function artifactOfSet(
  store: ArtifactStore,
  set: BackupSet,
  kind: ArtifactKind,
  options: StoreOptions = {},
): RestoreArtifact | undefined {
  const artifact = set.artifacts.find((candidate) => candidate.kind === kind);
  if (artifact === undefined) return undefined;
  const { fileName: name } = splitKey(artifact.key);
  return {
    name,
    bytes: artifact.bytes,
    sha256: set.manifest?.artifacts.find((entry) => entry.name === name)?.sha256,
    path: store.pathOf?.(artifact.key),
    open: (range, reading) => store.read(artifact.key, range, { ...options, ...reading, tag: artifact.tag }),
  };
}
