import { sha256Of } from '../base/sha256-of.ts';
import { isBackupError } from '../base/errors.ts';
import { artifactKey, companionKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { plainManifest } from '../model/encrypted-manifest.ts';
import { parseManifest } from '../model/manifest-text.ts';
import type { Manifest } from '../model/manifest.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import type { ReplicaRecord } from '../ports/replica-records.ts';
import { manifestTextOf, textSource } from '../ports/text-source.ts';

/**
 * Returns whether an encrypted copy of a set has the cipher texts that this installation sent, although a
 * store lists other tags for them. Reads all of them, and records the tags. Sending them again would replace
 * a good copy step by step, because cipher texts differ each time.
 * @param store the store of the cipher texts
 */
export async function hasIntactCipherTexts(
  store: ArtifactStore,
  set: BackupSet,
  options: StoreOptions,
): Promise<boolean> {
  try {
    const records = await store.records?.read();
    const key = companionKey(set, 'manifest');
    const text = await manifestTextOf(store.read(key, undefined, options));
    // Only the manifest that was sent from here names the cipher texts that were sent from here.
    if (records?.get(key)?.sha256 !== textSource(text).sha256) return false;
    const manifest = parseManifest(text);
    if (manifest.encryption === undefined || set.manifest === undefined) return false;
    if (contentOf(plainManifest(manifest)) !== contentOf(set.manifest)) return false;
    const tags = new Map<ArtifactKey, string | undefined>();
    for await (const listed of store.list(set.tier, options)) tags.set(listed.key, listed.tag);
    const known = new Map<ArtifactKey, ReplicaRecord>();
    for (const { name, sha256, plain } of manifest.artifacts) {
      const artifact = artifactKey(set.tier, name);
      if ((await sha256Of(store.read(artifact, undefined, options))) !== sha256) return false;
      const [tag, at] = [tags.get(artifact), records.get(artifact)?.at ?? manifest.finishedAt];
      if (tag !== undefined) known.set(artifact, { tag, sha256, at, ...(plain !== undefined && { plain }) });
    }
    await store.records?.update(known);
    return true;
  } catch (error) {
    if (isBackupError(error, 'ARTIFACT_NOT_FOUND', 'MANIFEST_INVALID', 'MANIFEST_TOO_NEW')) return false;
    throw error;
  }
}

function contentOf({ artifacts }: Manifest): string {
  return artifacts
    .map(({ kind, sha256 }) => `${kind} ${sha256}`)
    .sort()
    .join('\n');
}
