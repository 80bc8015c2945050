import type { Manifest } from './manifest.ts';

/**
 * Compares a manifest with what lies beside it.
 * @param present length in bytes by file name, of the same tier
 * @returns one sentence for each artifact that is missing or has another length; none means that the set is complete
 */
export function checkManifest(manifest: Manifest, present: ReadonlyMap<string, number>): readonly string[] {
  const problems: string[] = [];
  for (const { name, bytes } of manifest.artifacts) {
    const found = present.get(name);
    if (found === undefined) problems.push(`${name} is missing`);
    else if (found !== bytes) problems.push(`${name} has ${found} bytes, its manifest says ${bytes}`);
  }
  if (!manifest.artifacts.some(({ kind }) => kind === 'dump')) problems.push('its manifest names no dump');
  return problems;
}
