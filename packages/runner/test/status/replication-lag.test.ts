import { describe, expect, it } from 'vitest';
import { artifactKey, formatArtifactName, type BackupSet, type SetArtifact } from '@geolens/backup-core';
import { replicationLag } from '../../src/status/status.ts';
import { setOf } from '../support/sets.ts';
import { storeOf } from '../support/status.ts';

/** A set with its manifest, of so many bytes. */
function setWith(manifestBytes: number): BackupSet {
  const set = setOf();
  const manifest: SetArtifact = {
    kind: 'manifest',
    key: artifactKey('daily', formatArtifactName({ kind: 'manifest', timestamp: set.timestamp })),
    bytes: manifestBytes,
  };
  return { ...set, artifacts: [...set.artifacts, manifest] };
}

const lagOf = (here: BackupSet, there?: BackupSet): number | undefined =>
  replicationLag(storeOf('local', here), storeOf('s3', ...(there === undefined ? [] : [there])), 'geolens')
    ?.sets;

describe('how far a bucket is behind', () => {
  it('is nothing when it has every artifact', () => {
    expect(lagOf(setWith(900), setWith(900))).toBe(0);
  });

  it('is nothing when only what one of the two copies was found to be is written down in one manifest and not in the other', () => {
    expect(lagOf(setWith(1100), setWith(900))).toBe(0);
  });

  it('is a set that it has not, that has lost its dump, or that has another one', () => {
    const whole = setWith(900);
    expect(lagOf(whole)).toBe(1);
    expect(lagOf(whole, { ...whole, artifacts: whole.artifacts.slice(1) })).toBe(1);
    expect(
      lagOf(whole, {
        ...whole,
        artifacts: whole.artifacts.map((artifact) =>
          artifact.kind === 'dump' ? { ...artifact, bytes: 1 } : artifact,
        ),
      }),
    ).toBe(1);
  });

  it('is a set without its manifest, which nobody vouches for', () => {
    expect(lagOf(setWith(900), { ...setWith(900), artifacts: setOf().artifacts })).toBe(1);
  });
});
