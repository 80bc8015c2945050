import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatArtifactName,
  type Compression,
  type Manifest,
  type ManifestArtifact,
} from '../../src/index.ts';
import { sizeAnomalies } from '../../src/backup/size-anomalies.ts';
import { holds } from '../support/arbitraries.ts';
import { at, manifestOf } from '../support/manifests.ts';

const T = at('20260101_020000');

interface Size {
  readonly rows?: number;
  readonly dump?: number;
  readonly archive?: number | undefined;
  readonly compression?: Compression;
}

function artifactsOf({
  rows = 1000,
  dump = 1000,
  archive,
  compression = 'zstd:1',
}: Size): readonly ManifestArtifact[] {
  const sha256 = 'a'.repeat(64);
  return [
    {
      kind: 'dump',
      name: formatArtifactName({ kind: 'dump', timestamp: T, database: 'geolens' }),
      bytes: dump,
      sha256,
      compression,
      tableCount: 2,
      rowCounts: [
        { schema: 'a', table: 'b', rows },
        { schema: 'a', table: 'c', rows: 0 },
      ],
    },
    ...(archive === undefined
      ? []
      : [
          {
            kind: 'staging' as const,
            name: formatArtifactName({ kind: 'staging', timestamp: T }),
            bytes: archive,
            sha256,
          },
        ]),
  ];
}

const manifests = (former: readonly Size[]): Manifest[] =>
  former.map((size) => manifestOf(T, 'geolens', { artifacts: artifactsOf(size) }));
const reasons = (now: Size, former: readonly Size[], threshold?: number): readonly string[] =>
  sizeAnomalies(artifactsOf(now), manifests(former), threshold);

const sizes = fc.record({
  rows: fc.nat(1e6),
  dump: fc.nat(1e9),
  archive: fc.option(fc.nat(1e9), { nil: undefined }),
  compression: fc.constantFrom<Compression>('zstd:1', 'gzip:1', 'none'),
});
const formers = fc.array(sizes, { maxLength: 7 });
const thresholds = fc.double({ min: 0, max: 1, noNaN: true });

describe('a set is suspicious', () => {
  it('when it has few rows', () => {
    expect(reasons({ rows: 1000 }, Array<Size>(7).fill({ rows: 10_000 }))).toEqual([
      'it has 1,000 rows, which is 10 % of the median of the last 7 sets (10,000); less than 50 % is suspicious',
    ]);
    expect(reasons({ rows: 0 }, [{ rows: 10_000 }])).toEqual([
      'it has no rows, which is 0 % of the last set (10,000); less than 50 % is suspicious',
    ]);
    expect(reasons({ rows: 1 }, [{ rows: 1_000_000 }])).toEqual([
      'it has 1 row, which is less than 0.1 % of the last set (1,000,000); less than 50 % is suspicious',
    ]);
  });

  it('when its dump is small', () => {
    expect(reasons({ dump: 499 }, [{ dump: 900 }, { dump: 1100 }])).toEqual([
      'its dump has 499 bytes, which is 49.9 % of the median of the last 2 sets (1,000); less than 50 % is suspicious',
    ]);
  });

  it('when its archive is small, or not there', () => {
    expect(reasons({ archive: 100 }, [{ archive: 1000 }])).toEqual([
      'its staging archive has 100 bytes, which is 10 % of the last set (1,000); less than 50 % is suspicious',
    ]);
    expect(reasons({}, [{ archive: 1000 }])).toEqual([
      'it has no staging archive, which is 0 % of the last set (1,000); less than 50 % is suspicious',
    ]);
  });

  it('for several reasons at once', () => {
    expect(reasons({ rows: 1, dump: 1 }, [{ archive: 9 }])).toHaveLength(3);
  });

  it('under the threshold, and not at it', () => {
    expect(reasons({ rows: 3 }, [{ rows: 30 }], 0.1)).toEqual([]);
    expect(reasons({ rows: 29 }, [{ rows: 30 }], 1)).toEqual([
      'it has 29 rows, which is 96.6 % of the last set (30); less than 100 % is suspicious',
    ]);
    expect(reasons({ rows: 6 }, [{ rows: 100 }], 0.07)).toEqual([
      'it has 6 rows, which is 6 % of the last set (100); less than 7 % is suspicious',
    ]);
  });
});

describe('a set is not suspicious', () => {
  it('when it is the first, whatever it has', () => {
    expect(reasons({ rows: 0, dump: 1 }, [])).toEqual([]);
  });

  it('when one former set was an outlier', () => {
    expect(reasons({ rows: 1000 }, [{ rows: 1000 }, { rows: 1_000_000 }, { rows: 1000 }])).toEqual([]);
  });

  it('because its dump is compressed by another method, but for its rows all the same', () => {
    expect(reasons({ dump: 100, compression: 'zstd:3' }, [{ dump: 1000, compression: 'none' }])).toEqual([]);
    expect(
      reasons({ dump: 100, compression: 'zstd:3' }, [{ dump: 1000, compression: 'zstd:1' }]),
    ).toHaveLength(1);
    expect(
      reasons({ dump: 100, rows: 1, compression: 'zstd:3' }, [{ dump: 1000, compression: 'none' }]),
    ).toHaveLength(1);
  });

  it('when most sets before it had no archive either', () => {
    expect(reasons({}, [{}, { archive: 1000 }, {}])).toEqual([]);
  });

  it('when former sets had nothing to lose, or were not counted', () => {
    expect(reasons({ rows: 0 }, [{ rows: 0 }])).toEqual([]);
    const uncounted = manifests([{}]).map((manifest) => ({
      ...manifest,
      artifacts: manifest.artifacts.map((artifact) => ({ ...artifact, rowCounts: undefined })),
    }));
    expect(sizeAnomalies(artifactsOf({ rows: 0 }), uncounted)).toEqual([]);
  });

  it('with a threshold of zero', () => {
    holds(fc.tuple(sizes, formers), ([now, former]) => {
      expect(reasons(now, former, 0)).toEqual([]);
    });
  });

  it('when nothing of it is smaller than in the largest half of what was before, however high the threshold', () => {
    holds(fc.tuple(sizes, fc.integer({ min: 1, max: 7 }), thresholds), ([now, count, threshold]) => {
      expect(reasons(now, Array<Size>(count).fill(now), threshold)).toEqual([]);
    });
  });
});

it('a set that grows does not become suspicious, and one with a higher threshold not less so', () => {
  holds(fc.tuple(sizes, formers, thresholds, thresholds, fc.nat(1e6)), ([now, former, one, other, more]) => {
    const [low, high] = [Math.min(one, other), Math.max(one, other)];
    const few = reasons(now, former, low).length;
    expect(reasons(now, former, high).length).toBeGreaterThanOrEqual(few);
    const grown = {
      ...now,
      rows: now.rows + more,
      dump: now.dump + more,
      archive: (now.archive ?? 0) + more,
    };
    expect(reasons(grown, former, low).length).toBeLessThanOrEqual(few);
  });
});

it('the order of the former sets does not matter', () => {
  holds(fc.tuple(sizes, formers), ([now, former]) => {
    expect(reasons(now, [...former].reverse())).toEqual(reasons(now, former));
  });
});
