import { createHash } from 'node:crypto';

/*
 * The manifest describes every other artifact, but no other artifact describes the manifest. It therefore
 * carries the SHA-256 of its own text in its last field. A field at its beginning announces the checksum, so
 * damage that removes one field leaves the other.
 */

const ANNOUNCEMENT = '"sealedWith": "sha256"';
const EMPTY = '"seal": ""';
const CHECKSUM_FIELD = /"seal": "([^"]*)"(?=\s*\}\s*$)/;

/** Returns the text of a manifest with its manifest checksum as the last field. */
export function withManifestChecksum(manifest: Readonly<Record<string, unknown>>): string {
  const { schemaVersion, ...fields } = manifest;
  const others = Object.entries(fields).filter(([name]) => name !== 'sealedWith' && name !== 'seal');
  const text = `${JSON.stringify({ schemaVersion, sealedWith: 'sha256', ...Object.fromEntries(others), seal: '' }, undefined, 2)}\n`;
  return text.replace(CHECKSUM_FIELD, () => `"seal": "${digest(text)}"`);
}

/**
 * Returns how the text of a manifest differs from the written one. `undefined` if it does not, or if it has
 * no manifest checksum at all, as in manifests of other programs.
 */
export function manifestChecksumProblem(text: string): string | undefined {
  const claimed = CHECKSUM_FIELD.exec(text)?.[1];
  const announced = text.includes(ANNOUNCEMENT);
  if (claimed === undefined && !announced) return undefined;
  if (claimed === undefined || !announced) return 'its manifest checksum is damaged';
  return claimed === digest(text.replace(CHECKSUM_FIELD, () => EMPTY))
    ? undefined
    : 'its text is not the one that was written: the manifest checksum (SHA-256) does not fit';
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
