import {
  formatArtifactName,
  parseArtifactName,
  type ArtifactKind,
  type ArtifactName,
} from './artifact-name.ts';
import { TIERS, type Tier } from './tier.ts';
import type { RunTimestamp } from './timestamp.ts';

/** Key of an artifact in a store: `<tier>/<file name>`, with exactly one slash. */
export type ArtifactKey = `${Tier}/${string}`;

/** Returns the key of a file name in a tier. Does not check the name; `parseKey` checks a text. */
export function artifactKey(tier: Tier, fileName: string): ArtifactKey {
  return `${tier}/${fileName}`;
}

/** Kinds that stay plain beside encrypted artifacts. */
const NEVER_ENCRYPTED: readonly ArtifactKind[] = ['signature', 'state'];

/** The common part of all keys of a set in a store. */
export interface SetPlace {
  readonly tier: Tier;
  readonly timestamp: RunTimestamp;
}

/** Returns the place of the set of an artifact. `undefined` if the file is foreign. */
export function placeOf(key: ArtifactKey): SetPlace | undefined {
  const name = nameOfKey(key);
  return name && { tier: splitKey(key).tier, timestamp: name.timestamp };
}

/** Returns the key of an artifact of a set other than its dump. */
export function companionKey(
  { tier, timestamp }: SetPlace,
  kind: Exclude<ArtifactKind, 'dump'>,
): ArtifactKey {
  return artifactKey(tier, formatArtifactName({ kind, timestamp }));
}

/** Returns the key of the plain form of an artifact. The details are the manifest in its plain form. */
export function plainKey(key: ArtifactKey): ArtifactKey {
  const name = nameOfKey(key);
  if (name?.encrypted !== true) return key;
  const plain = { ...name, encrypted: false };
  return artifactKey(
    splitKey(key).tier,
    formatArtifactName(plain.kind === 'details' ? { ...plain, kind: 'manifest' } : plain),
  );
}

/** Returns the key of the encrypted form of an artifact. Artifacts that are never encrypted keep theirs. */
export function encryptedKey(key: ArtifactKey): ArtifactKey {
  const name = nameOfKey(key);
  if (name === undefined || NEVER_ENCRYPTED.includes(name.kind) || name.encrypted === true) return key;
  const kept = name.kind === 'manifest' ? ({ ...name, kind: 'details' } as const) : name;
  return artifactKey(splitKey(key).tier, formatArtifactName({ ...kept, encrypted: true }));
}

/** Splits a key into its tier and its file name. The file may be foreign. */
export function splitKey(key: ArtifactKey): { readonly tier: Tier; readonly fileName: string } {
  const slash = key.indexOf('/');
  return { tier: key.slice(0, slash) as Tier, fileName: key.slice(slash + 1) };
}

/** Returns the text as a key. `undefined` for another folder, a deeper path, or no file name. */
export function parseKey(text: string): ArtifactKey | undefined {
  const [tier, fileName, ...deeper] = text.split('/');
  if (!TIERS.includes(tier as Tier) || fileName === undefined || deeper.length > 0) return undefined;
  if (['', '.', '..'].includes(fileName)) return undefined;
  return text as ArtifactKey;
}

/** Parses the file name of a key. `undefined` if the file is foreign. */
export function nameOfKey(key: ArtifactKey): ArtifactName | undefined {
  return parseArtifactName(splitKey(key).fileName);
}
