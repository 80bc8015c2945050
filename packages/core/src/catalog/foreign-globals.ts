import type { ArtifactKey } from '../model/artifact-key.ts';
import { nameOfKey, splitKey } from '../model/artifact-key.ts';
import { throwIfAborted } from '../base/errors.ts';
import type { ArtifactStore, StoredArtifact, StoreOptions } from '../ports/artifact-store.ts';
import { textOf } from '../ports/text-source.ts';

/** First lines of the output of `pg_dumpall --globals-only`. Globals of a run begin differently. */
const HEAD = '--\n-- PostgreSQL database cluster dump\n--\n';

/**
 * Returns whether pg_dumpall itself wrote the globals. The backup container of GeoLens stores such globals
 * beside its dumps, without a manifest.
 */
export function isOfPgDumpall(globals: string): boolean {
  return globals.startsWith(HEAD);
}

/**
 * Finds the globals in a listing that no run wrote. Their sets never have a manifest. Reads only globals
 * without a manifest, and only their first bytes.
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
    // Unreadable globals count as part of an interrupted run, so the set is left alone.
    const head = await textOf(store.read(key, { start: 0, end: HEAD.length }, options)).catch(() => '');
    throwIfAborted(options.signal);
    if (isOfPgDumpall(head)) found.add(key);
  }
  return found;
}
