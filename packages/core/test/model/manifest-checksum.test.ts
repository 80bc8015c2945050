import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../src/index.ts';
import { formatManifest, manifestChecksumProblem } from '../../src/internal.ts';
import { at, manifestOf } from '../support/manifests.ts';

const MANIFEST = manifestOf(at('20261122_020000'));
const TEXT = formatManifest(MANIFEST);

/** Whether a reader notices that these bytes are not those of a manifest that was written. */
function isNoticed(bytes: Buffer): boolean {
  const text = bytes.toString('utf8');
  if (manifestChecksumProblem(text) !== undefined) return true;
  try {
    parseManifest(text);
    return false;
  } catch {
    return true;
  }
}

describe('the manifest checksum of a manifest', () => {
  it('fits what was written', () => {
    expect(manifestChecksumProblem(TEXT)).toBeUndefined();
  });

  it('lets no single flipped bit pass, wherever it is', () => {
    const whole = Buffer.from(TEXT);
    const passed: number[] = [];
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      if (!isNoticed(flipped)) passed.push(bit);
    }
    expect(passed).toEqual([]);
  });

  it('lets no truncation pass that takes more than the last line feed', () => {
    const whole = Buffer.from(TEXT);
    for (let length = 0; length < whole.length - 1; length += 1)
      expect(isNoticed(whole.subarray(0, length)), `${length} bytes`).toBe(true);
  });

  it('is not asked of what other programs wrote', () => {
    expect(manifestChecksumProblem(JSON.stringify(MANIFEST))).toBeUndefined();
  });
});
