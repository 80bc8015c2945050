import { parseArtifactName, type ArtifactName } from './artifact-name.ts';
import { TIERS, type Tier } from './tier.ts';

/** Where an artifact stands in a store: `<tier>/<file name>`, with exactly one slash. */
export type ArtifactKey = `${Tier}/${string}`;

/** The key of a file name in a tier. The name is not looked at: `parseKey` tells whether a text is a key. */
export function artifactKey(tier: Tier, fileName: string): ArtifactKey {
  return `${tier}/${fileName}`;
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
