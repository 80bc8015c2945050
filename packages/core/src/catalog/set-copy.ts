import { splitKey } from '../model/artifact-key.ts';
import type { BackupSet, SetArtifact } from '../model/backup-set.ts';
import { damageIn } from '../model/damage.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { Cipher } from '../ports/cipher.ts';
import { entryOf } from '../model/manifest.ts';
import type { ReadableArtifact, SetCopy, StoredSet } from '../ports/set-copy.ts';
import { withPlainText } from './plain-text.ts';

/** Options for creating a copy of a set. */
export interface CopyOptions extends StoreOptions {
  /** See {@link SetCopy.trusted}. Defaults to false. */
  readonly trusted?: boolean | undefined;
  /** Opens encrypted artifacts. Defaults to none: then only their encrypted form can be read. */
  readonly cipher?: Cipher | undefined;
}

/** Returns a readable copy of a set in a store. */
export function copyOfSet(
  store: ArtifactStore,
  set: BackupSet,
  { trusted = false, cipher, ...options }: CopyOptions = {},
): SetCopy {
  const readable = (artifact: SetArtifact): ReadableArtifact =>
    withPlainText(readableArtifact({ store, set }, artifact, options), set.manifest, cipher, options);
  return {
    label: labelOf(store, set),
    timestamp: set.timestamp,
    manifest: set.manifest,
    checks: set.checks,
    // The first of two artifacts of a kind counts.
    artifacts: Object.fromEntries(
      [...set.artifacts].reverse().map((artifact) => [artifact.kind, readable(artifact)]),
    ),
    warnings: warningsOf(set),
    trusted,
    stored: { store, set },
  };
}

/** Returns an artifact of a set in a store, ready to be read as it is stored. */
export function readableArtifact(
  { store, set }: StoredSet,
  { key, bytes, tag }: SetArtifact,
  options: StoreOptions,
): ReadableArtifact {
  const { fileName: name } = splitKey(key);
  return {
    name,
    bytes,
    sha256: entryOf(set.manifest, name)?.sha256,
    path: store.capabilities.localFiles?.(key),
    open: (range, reading) => store.read(key, range, { ...options, ...reading, tag }),
  };
}

/** Returns the name of a set for messages. */
export function labelOf(store: Pick<ArtifactStore, 'name'>, { timestamp, tier }: BackupSet): string {
  return `set ${timestamp} (${tier}, ${store.name})`;
}

/** Returns why a set should not be trusted: it is not whole, or a check found damage. */
export function warningsOf({
  state,
  problems,
  checks,
}: Pick<BackupSet, 'state' | 'problems' | 'checks'>): readonly string[] {
  return [
    ...(state === 'partial' ? problems.map((problem) => `it is partial: ${problem}`) : []),
    ...(state === 'untrusted' ? [`it is not trusted: ${problems[0] ?? ''}`] : []),
    ...damageIn(checks),
  ];
}

/** Returns the copy with each artifact replaced. */
export function mapArtifacts(
  copy: SetCopy,
  change: (artifact: ReadableArtifact) => ReadableArtifact,
): SetCopy {
  return {
    ...copy,
    artifacts: Object.fromEntries(
      Object.entries(copy.artifacts).map(([kind, artifact]) => [kind, change(artifact)]),
    ),
  };
}

/** Returns the copy with another staging archive, or without one. */
export function withStaging(copy: SetCopy, archive: ReadableArtifact | undefined): SetCopy {
  const { staging, ...others } = copy.artifacts;
  return { ...copy, artifacts: { ...others, ...(archive && { staging: archive }) } };
}
