import type { ArtifactStore, BackupSet } from '../../src/index.ts';
import { manifestChecksumProblem, textOf, textSource } from '../../src/internal.ts';
import { companionKey } from '../../src/model/artifact-key.ts';
import { withManifestChecksum } from '../../src/model/manifest-checksum.ts';

type Fields = Readonly<Record<string, unknown>>;

interface WrittenManifest {
  readonly checks: Fields;
}

/**
 * Writes into a published manifest what was learnt of its set, as versions without state files do. A manifest
 * checksum that does not fit stays so.
 */
export async function amendManifest(
  store: ArtifactStore,
  set: BackupSet,
  change: (manifest: WrittenManifest) => Fields,
): Promise<void> {
  const key = companionKey(set, 'manifest');
  const text = await textOf(store.read(key));
  const manifest = JSON.parse(text) as WrittenManifest & Fields;
  const changed = withManifestChecksum({ ...manifest, ...change(manifest) });
  const fits = manifestChecksumProblem(text) === undefined;
  await store.put(key, textSource(fits ? changed : changed.replace(/"seal": "./, '"seal": "x')));
}
