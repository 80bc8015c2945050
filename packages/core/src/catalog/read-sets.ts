import { parseManifest, RowLists } from '../model/manifest-text.ts';
import type { Manifest } from '../model/manifest.ts';
import { companionKey, nameOfKey, placeOf, type ArtifactKey } from '../model/artifact-key.ts';
import { TIERS, type Tier } from '../model/tier.ts';
import type { ArtifactStore, StoredArtifact, StoreOptions } from '../ports/artifact-store.ts';
import {
  BackupError,
  errorText,
  isBackupError,
  throwIfAborted,
  toBackupError,
  withReason,
} from '../base/errors.ts';
import { boundedTextOf, denseBytesOf, LARGEST_MANIFEST_BYTES, manifestTextOf } from '../ports/text-source.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { foreignGlobals } from './foreign-globals.ts';
import { groupSets, type ManifestReading, type StateReading } from './group-sets.ts';
import { judgeReplica } from './judge-replica.ts';
import { isUnusableState, readStateFile } from './state-files.ts';

/** Number of concurrent manifest reads: enough to hide network latency, few enough for any store. */
const MANIFESTS_AT_ONCE = 16;

/** Maximum size of a signature file in bytes. The name of a database makes up the most of it. */
const LARGEST_SIGNATURE_BYTES = 16 * 1024;

/** Larger manifests, in bytes, are read one after the other. */
const SMALL_MANIFEST_BYTES = 512 * 1024;

/** Maximum total size of the manifests of a store in memory, in bytes. */
const MOST_KEPT_BYTES = 24 * 1024 * 1024;

/** Maximum number of artifacts in a store: ten thousand sets with their state files. */
const MOST_ARTIFACTS = 50_000;

/** Maximum number of manifests among them: each is read. */
const MOST_MANIFESTS = 12_500;

/** Options for reading the sets of a store. */
export interface ReadSetsOptions extends StoreOptions {
  /** Called with each state file whose set is gone. */
  readonly onLoneState?: ((key: ArtifactKey) => void) | undefined;
}

/**
 * Returns all sets of a store, newest first, as the store currently has them. An unusable manifest makes its
 * own set partial.
 * @throws BackupError of the store if it cannot be listed
 */
export async function readSets(
  store: ArtifactStore,
  options: ReadSetsOptions = {},
): Promise<readonly BackupSet[]> {
  const listing = await listAll(store, options);
  const { manifests, states, untrusted } = await readManifests(store, listing, options);
  const grouped = groupSets(listing, manifests, {
    foreign: await foreignGlobals(store, listing, options),
    states,
    ...(store.trust !== undefined && { untrusted }),
  });
  const records = await store.records?.read();
  const sets = records === undefined ? grouped : grouped.map((set) => judgeReplica(set, records));
  const known = new Set(sets.map(({ stateFile }) => stateFile?.key));
  for (const { key } of listing) {
    if (nameOfKey(key)?.kind === 'state' && !known.has(key)) options.onLoneState?.(key);
  }
  return sets;
}

/**
 * Lists all artifacts of a store.
 * @throws BackupError STORE_FAILED if it has more than can be read
 */
export async function listAll(
  store: ArtifactStore,
  options: StoreOptions = {},
): Promise<readonly StoredArtifact[]> {
  return boundedListing(store, TIERS, options);
}

/**
 * Lists the artifacts of some tiers.
 * @throws BackupError STORE_FAILED if they have more than can be read
 */
export async function boundedListing(
  store: ArtifactStore,
  tiers: readonly Tier[],
  options: StoreOptions = {},
): Promise<readonly StoredArtifact[]> {
  const listing: StoredArtifact[] = [];
  let manifests = 0;
  for (const tier of tiers) {
    for await (const artifact of store.list(tier, options)) {
      if (listing.push(artifact) > MOST_ARTIFACTS) throw tooMany(store, MOST_ARTIFACTS, 'artifacts');
      if (nameOfKey(artifact.key)?.kind === 'manifest') manifests += 1;
      if (manifests > MOST_MANIFESTS) throw tooMany(store, MOST_MANIFESTS, 'manifests');
    }
  }
  return listing;
}

function tooMany({ name }: ArtifactStore, most: number, what: string): BackupError {
  const text = `${name} has more than ${most} ${what}, the most that are read`;
  return new BackupError('STORE_FAILED', text, withReason('store-too-large'));
}

interface Readings {
  readonly manifests: ReadonlyMap<ArtifactKey, ManifestReading>;
  readonly states: ReadonlyMap<ArtifactKey, StateReading>;
  /** Why manifests are not trusted, by their keys. */
  readonly untrusted: ReadonlyMap<ArtifactKey, string>;
}

async function readManifests(
  store: ArtifactStore,
  listing: readonly StoredArtifact[],
  options: StoreOptions,
): Promise<Readings> {
  // Smallest first, so that large files of any name do not use up the memory of the others.
  const listed = listing
    .filter(({ key }) => nameOfKey(key)?.kind === 'manifest')
    .sort((one, other) => one.bytes - other.bytes);
  const artifacts = new Map(listing.map((artifact) => [artifact.key, artifact]));
  const manifests = new Map<ArtifactKey, ManifestReading>();
  const states = new Map<ArtifactKey, StateReading>();
  const untrusted = new Map<ArtifactKey, string>();
  const budget = { bytes: MOST_KEPT_BYTES, lists: new RowLists() };
  const read = async (queue: Iterable<StoredArtifact>): Promise<void> => {
    for (const artifact of queue) {
      const place = placeOf(artifact.key);
      const stateFile = place && artifacts.get(companionKey(place, 'state'));
      const state = stateFile && (await readState(store, stateFile, options));
      // A set whose state file is not known may be bad.
      const found = isUnread(state)
        ? { manifest: state }
        : await readManifest(store, artifact, budget, options);
      manifests.set(artifact.key, found.manifest);
      if ('text' in found) {
        const signature = place && artifacts.get(companionKey(place, 'signature'));
        const why = await whyUntrusted(store, found, signature, options);
        if (why !== undefined) untrusted.set(artifact.key, why);
      }
      if (stateFile !== undefined && state !== undefined && !isUnread(state))
        states.set(stateFile.key, state);
    }
  };
  const isSmall = ({ bytes }: StoredArtifact): boolean => bytes <= SMALL_MANIFEST_BYTES;
  const small = listed.filter(isSmall).values();
  await Promise.all(Array.from({ length: MANIFESTS_AT_ONCE }, () => read(small)));
  await read(listed.filter((artifact) => !isSmall(artifact)));
  return { manifests, states, untrusted };
}

async function readManifest(
  store: ArtifactStore,
  { key, bytes }: StoredArtifact,
  budget: { bytes: number; readonly lists: RowLists },
  options: StoreOptions,
): Promise<FoundManifest | { readonly manifest: Error }> {
  throwIfAborted(options.signal);
  if (bytes > LARGEST_MANIFEST_BYTES) {
    const manifest = new BackupError('MANIFEST_INVALID', `the manifest has ${bytes} bytes, which none has`);
    return { manifest };
  }
  if (budget.bytes < 0) {
    const manifest = new BackupError(
      'STORE_FAILED',
      `its manifest is not read: smaller ones in ${store.name} have more than ${MOST_KEPT_BYTES} bytes`,
      withReason('store-too-large'),
    );
    return { manifest };
  }
  try {
    const text = await manifestTextOf(
      store.read(key, undefined, { ...options, reuseBuffer: bytes > SMALL_MANIFEST_BYTES }),
      Math.max(bytes, SMALL_MANIFEST_BYTES),
    );
    const { saved } = budget.lists;
    const manifest = parseManifest(text, budget.lists);
    budget.bytes -= denseBytesOf(Buffer.from(text)) - (budget.lists.saved - saved);
    return { manifest, text };
  } catch (error) {
    throwIfAborted(options.signal);
    return { manifest: withoutCause(error) };
  }
}

/** A manifest and its text. */
interface FoundManifest {
  readonly manifest: Manifest;
  readonly text: string;
}

/** Returns why a manifest is not trusted. `undefined` if it is, or if signatures are ignored. */
async function whyUntrusted(
  store: ArtifactStore,
  { manifest, text }: FoundManifest,
  file: StoredArtifact | undefined,
  options: StoreOptions,
): Promise<string | undefined> {
  if (store.trust === undefined) return undefined;
  try {
    const content = file && store.read(file.key, undefined, options);
    const signature = content && (await boundedTextOf(content, LARGEST_SIGNATURE_BYTES, 'the signature'));
    return store.trust.whyUntrusted(text, signature, manifest);
  } catch (error) {
    throwIfAborted(options.signal);
    return `its signature cannot be read: ${errorText(error)}`;
  }
}

/** Returns the content of a state file, or why it is not usable. `undefined` if it was removed meanwhile. */
async function readState(
  store: ArtifactStore,
  { key }: StoredArtifact,
  options: StoreOptions,
): Promise<StateReading | undefined> {
  const timestamp = nameOfKey(key)?.timestamp;
  if (timestamp === undefined) return undefined;
  try {
    return await readStateFile(store.read(key, undefined, options), timestamp);
  } catch (error) {
    throwIfAborted(options.signal);
    return isBackupError(error, 'ARTIFACT_NOT_FOUND') ? undefined : withoutCause(error);
  }
}

/** Returns the error without its cause, which may hold the whole answer of a server: a listing has thousands. */
function withoutCause(error: unknown): BackupError {
  const { code, message, details, hint } = toBackupError(error);
  return new BackupError(code, message, { details, hint });
}

/** Returns whether a state file was not readable for a reason other than its content. */
function isUnread(state: StateReading | undefined): state is Error {
  return state instanceof Error && !isUnusableState(state);
}
