import { parseManifest } from '../model/manifest-text.ts';
import { companionKey, nameOfKey, placeOf, type ArtifactKey } from '../model/artifact-key.ts';
import { TIERS } from '../model/tier.ts';
import type { ArtifactStore, StoredArtifact, StoreOptions } from '../ports/artifact-store.ts';
import type { CachedManifest, ManifestCache } from '../ports/manifest-cache.ts';
import { isBackupError, throwIfAborted, toBackupError } from '../base/errors.ts';
import { textOf } from '../ports/text-source.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { foreignGlobals } from './foreign-globals.ts';
import { groupSets, type ManifestReading, type StateReading } from './group-sets.ts';
import { isUnusableState, readStateFile } from './state-files.ts';

/** How many manifests are read at once: enough to hide a network's delay, few enough for any store. */
const MANIFESTS_AT_ONCE = 16;

/**
 * A manifest is some kilobytes, with ten thousand tables a megabyte: what is larger was not written by us.
 */
const LARGEST_MANIFEST_BYTES = 64 * 1024 * 1024;

/** How the sets of a store are read. */
export interface ReadSetsOptions extends StoreOptions {
  /**
   * Spares reading the manifests that have not changed since. For what is only looked at: whoever acts on
   * sets reads them.
   */
  readonly cache?: ManifestCache | undefined;
  /** Called with each state file whose set is gone. */
  readonly onLoneState?: ((key: ArtifactKey) => void) | undefined;
}

/**
 * All sets of a store, newest first, as the store has them now. A manifest that cannot be read or understood
 * makes its own set partial; a store that cannot be listed is an error.
 */
export async function readSets(
  store: ArtifactStore,
  options: ReadSetsOptions = {},
): Promise<readonly BackupSet[]> {
  const listing: StoredArtifact[] = [];
  for (const tier of TIERS) {
    for await (const artifact of store.list(tier, options)) listing.push(artifact);
  }
  const { manifests, states } = await readManifests(store, listing, options);
  const sets = groupSets(listing, manifests, await foreignGlobals(store, listing, options), states);
  const known = new Set(sets.map(({ stateFile }) => stateFile?.key));
  for (const { key } of listing) {
    if (nameOfKey(key)?.kind === 'state' && !known.has(key)) options.onLoneState?.(key);
  }
  return sets;
}

interface Readings {
  readonly manifests: ReadonlyMap<ArtifactKey, ManifestReading>;
  readonly states: ReadonlyMap<ArtifactKey, StateReading>;
}

async function readManifests(
  store: ArtifactStore,
  listing: readonly StoredArtifact[],
  options: ReadSetsOptions,
): Promise<Readings> {
  const listed = listing.filter(({ key }) => nameOfKey(key)?.kind === 'manifest');
  const artifacts = new Map(listing.map((artifact) => [artifact.key, artifact]));
  const remembered = (await options.cache?.read()) ?? new Map<ArtifactKey, CachedManifest>();
  const manifests = new Map<ArtifactKey, ManifestReading>();
  const states = new Map<ArtifactKey, StateReading>();
  const tagged = new Map<ArtifactKey, CachedManifest>();
  let changes = remembered.size > listed.length;
  const queue = listed.values();
  const reader = async (): Promise<void> => {
    for (const artifact of queue) {
      const { key, tag } = artifact;
      const cached = remembered.get(key);
      const known = cached?.tag === tag ? cached?.manifest : undefined;
      const place = placeOf(key);
      const stateFile = place && artifacts.get(companionKey(place, 'state'));
      const state = stateFile && (await readState(store, stateFile, cached, options));
      // A set whose state file is not known may be bad.
      const manifest = isUnread(state) ? state : (known ?? (await readManifest(store, artifact, options)));
      manifests.set(key, manifest);
      if (stateFile !== undefined && state !== undefined && !isUnread(state))
        states.set(stateFile.key, state);
      if (tag === undefined || manifest instanceof Error) continue;
      const entry = { tag, manifest, state: cacheable(stateFile?.tag, state) };
      tagged.set(key, entry);
      changes ||= known === undefined || entry.state?.tag !== cached?.state?.tag;
    }
  };
  await Promise.all(Array.from({ length: MANIFESTS_AT_ONCE }, reader));
  if (changes) await options.cache?.replace(tagged);
  return { manifests, states };
}

async function readManifest(
  store: ArtifactStore,
  artifact: StoredArtifact,
  options: StoreOptions,
): Promise<ManifestReading> {
  throwIfAborted(options.signal);
  if (artifact.bytes > LARGEST_MANIFEST_BYTES)
    return new Error(`the manifest has ${artifact.bytes} bytes, which none has`);
  try {
    return parseManifest(await textOf(store.read(artifact.key, undefined, options)));
  } catch (error) {
    throwIfAborted(options.signal);
    return toBackupError(error);
  }
}

/** Returns what a state file holds, or why it cannot be used; `undefined` if it was removed meanwhile. */
async function readState(
  store: ArtifactStore,
  { key, tag }: StoredArtifact,
  cached: CachedManifest | undefined,
  options: StoreOptions,
): Promise<StateReading | undefined> {
  const timestamp = nameOfKey(key)?.timestamp;
  if (timestamp === undefined) return undefined;
  if (cached?.state !== undefined && cached.state.tag === tag) return cached.state.content;
  try {
    return await readStateFile(store.read(key, undefined, options), timestamp);
  } catch (error) {
    throwIfAborted(options.signal);
    return isBackupError(error, 'ARTIFACT_NOT_FOUND') ? undefined : toBackupError(error);
  }
}

/** Whether a state file could not be read, for a reason other than its content. */
function isUnread(state: StateReading | undefined): state is Error {
  return state instanceof Error && !isUnusableState(state);
}

function cacheable(tag: string | undefined, state: StateReading | undefined): CachedManifest['state'] {
  return tag === undefined || state === undefined || state instanceof Error
    ? undefined
    : { tag, content: state };
}
