import { parseArtifactName } from './artifact-name.ts';
import { dumpOf, type Manifest } from './manifest.ts';

/**
 * Compares a manifest with the files next to it.
 * @param present length in bytes by file name, in the same tier
 * @returns one sentence for each artifact that is missing or has another length; empty if the set is complete
 */
export function checkManifest(manifest: Manifest, present: ReadonlyMap<string, number>): readonly string[] {
  const problems: string[] = [];
  for (const { name, bytes } of manifest.artifacts) {
    const found = present.get(name);
    if (found === undefined) problems.push(`${name} is missing`);
    else if (found !== bytes) problems.push(`${name} has ${found} bytes, its manifest says ${bytes}`);
  }
  const dump = dumpOf(manifest);
  if (dump === undefined) problems.push('its manifest names no dump');
  else if (!isDumpOf(dump.name, manifest))
    problems.push(`its manifest is that of database "${manifest.database}", and names ${dump.name}`);
  return problems;
}

function isDumpOf(name: string, { database, timestamp }: Manifest): boolean {
  const parsed = parseArtifactName(name);
  return parsed?.kind === 'dump' && parsed.database === database && parsed.timestamp === timestamp;
}
