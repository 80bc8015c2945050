import { describe, expect, it } from 'vitest';
import { checkManifest } from '../../src/internal.ts';
import { at, manifestOf } from '../support/manifests.ts';

const TIMESTAMP = at('20260101_020000');
const MANIFEST = manifestOf(TIMESTAMP);
const DUMP = 'geolens_20260101_020000.dump';
const STAGING = 'staging-20260101_020000.tar.gz';

describe('a manifest compared with what lies beside it', () => {
  it('has nothing to say when everything is there, and does not mind more', () => {
    expect(
      checkManifest(
        MANIFEST,
        new Map([
          [DUMP, 10],
          [STAGING, 5],
          ['notes.txt', 1],
        ]),
      ),
    ).toEqual([]);
  });

  it('names each artifact that is missing or has another length', () => {
    expect(checkManifest(MANIFEST, new Map([[DUMP, 9]]))).toEqual([
      `${DUMP} has 9 bytes, its manifest says 10`,
      `${STAGING} is missing`,
    ]);
  });

  it('says so when it names no dump, which is no backup', () => {
    const [, staging] = MANIFEST.artifacts;
    expect(checkManifest({ ...MANIFEST, artifacts: [staging!] }, new Map([[STAGING, 5]]))).toEqual([
      'its manifest names no dump',
    ]);
  });
});
