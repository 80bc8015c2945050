import { createHash } from 'node:crypto';

/*
 * A manifest says what every other artifact has to be, and nothing says what it has to be itself: so it
 * carries the SHA-256 of its own text. A field at its beginning announces the one at its end: damage that
 * takes one away leaves the other.
 */

const ANNOUNCEMENT = '"sealedWith": "sha256"';
const EMPTY = '"seal": ""';
const CHECKSUM_FIELD = /"seal": "([^"]*)"(?=\s*\}\s*$)/;

/** The text of a manifest with its manifest checksum, as its last field. */
export function withManifestChecksum(manifest: Readonly<Record<string, unknown>>): string {
  const { schemaVersion, ...fields } = manifest;
  const others = Object.entries(fields).filter(([name]) => name !== 'sealedWith' && name !== 'seal');
  const text = `${JSON.stringify({ schemaVersion, sealedWith: 'sha256', ...Object.fromEntries(others), seal: '' }, undefined, 2)}\n`;
  return text.replace(CHECKSUM_FIELD, () => `"seal": "${digest(text)}"`);
}

/**
 * Why the text of a manifest is not the one that was written; undefined when it is, and when it carries no
 * manifest checksum at all, as one that other programs made.
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
