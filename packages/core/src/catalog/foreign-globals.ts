import type { ArtifactKey } from '../model/artifact-key.ts';
import { nameOfKey, splitKey } from '../model/artifact-key.ts';
import { throwIfAborted } from '../base/errors.ts';
import type { ArtifactStore, StoredArtifact, StoreOptions } from '../ports/artifact-store.ts';
import { textOf } from '../ports/text-source.ts';

/** The first lines of what `pg_dumpall --globals-only` writes. Globals of a run begin otherwise. */
const HEAD = '--\n-- PostgreSQL database cluster dump\n--\n';

/**
 * Whether globals were written by pg_dumpall itself: GeoLens's own backup container puts such beside its
 * dumps, and no manifest.
 */
export function isOfPgDumpall(globals: string): boolean {
  return globals.startsWith(HEAD);
}

/**
 * Finds the globals in a listing that no run has written: their sets never have a manifest. Only globals
 * beside which there is none are read, and of these the first bytes.
 */
export async function foreignGlobals(
  store: ArtifactStore,
  listing: readonly StoredArtifact[],
  options: StoreOptions,
): Promise<ReadonlySet<ArtifactKey>> {
  const runOf = (key: ArtifactKey): string => `${splitKey(key).tier}/${nameOfKey(key)?.timestamp ?? ''}`;
  const withManifest = new Set(
    listing.filter(({ key }) => nameOfKey(key)?.kind === 'manifest').map(({ key }) => runOf(key)),
  );
  const found = new Set<ArtifactKey>();
  for (const { key, bytes } of listing) {
    if (nameOfKey(key)?.kind !== 'globals' || withManifest.has(runOf(key)) || bytes < HEAD.length) continue;
    // What the store does not give up now is taken for the rest of a run that was cut off: such a set is left
    // alone.
    const head = await textOf(store.read(key, { start: 0, end: HEAD.length }, options)).catch(() => '');
    throwIfAborted(options.signal);
    if (isOfPgDumpall(head)) found.add(key);
  }
  return found;
}
