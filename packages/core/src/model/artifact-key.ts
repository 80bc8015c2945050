import {
  formatArtifactName,
  parseArtifactName,
  type ArtifactKind,
  type ArtifactName,
} from './artifact-name.ts';
import { TIERS, type Tier } from './tier.ts';
import type { RunTimestamp } from './timestamp.ts';

/** Where an artifact stands in a store: `<tier>/<file name>`, with exactly one slash. */
export type ArtifactKey = `${Tier}/${string}`;

/** The key of a file name in a tier. The name is not looked at: `parseKey` tells whether a text is a key. */
export function artifactKey(tier: Tier, fileName: string): ArtifactKey {
  return `${tier}/${fileName}`;
}

/** What the artifacts of a set have in common in a store. */
export interface SetPlace {
  readonly tier: Tier;
  readonly timestamp: RunTimestamp;
}

/** Returns where the set of an artifact stands; `undefined` if the file is not ours. */
export function placeOf(key: ArtifactKey): SetPlace | undefined {
  const name = nameOfKey(key);
  return name && { tier: splitKey(key).tier, timestamp: name.timestamp };
}

/** Returns the key of an artifact of a set, other than its dump. */
export function companionKey(
  { tier, timestamp }: SetPlace,
  kind: Exclude<ArtifactKind, 'dump'>,
): ArtifactKey {
  return artifactKey(tier, formatArtifactName({ kind, timestamp }));
}

/** The tier and the file name of a key; the name may be anybody's. */
export function splitKey(key: ArtifactKey): { readonly tier: Tier; readonly fileName: string } {
  const slash = key.indexOf('/');
  return { tier: key.slice(0, slash) as Tier, fileName: key.slice(slash + 1) };
}

/** The key that the text is, or undefined: another folder, a deeper path, or no file name. */
export function parseKey(text: string): ArtifactKey | undefined {
  const [tier, fileName, ...deeper] = text.split('/');
  if (!TIERS.includes(tier as Tier) || fileName === undefined || deeper.length > 0) return undefined;
  if (['', '.', '..'].includes(fileName)) return undefined;
  return text as ArtifactKey;
}

/** What a key's file name says, or undefined when the file is not ours. */
export function nameOfKey(key: ArtifactKey): ArtifactName | undefined {
  return parseArtifactName(splitKey(key).fileName);
}
