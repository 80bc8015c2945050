import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatArtifactName, parseArtifactName, parseTimestamp, type ArtifactName } from '../../src/index.ts';
import { databases, holds, timestamps } from '../support/arbitraries.ts';

const names: fc.Arbitrary<ArtifactName> = fc.oneof(
  fc.record({ kind: fc.constant('dump' as const), timestamp: timestamps, database: databases }),
  fc.record({
    kind: fc.constantFrom('staging' as const, 'globals' as const, 'manifest' as const, 'state' as const),
    timestamp: timestamps,
  }),
);

const NEAR_NAMES = fc
  .array(
    fc.constantFrom(
      'geolens',
      '_',
      '-',
      '20260101_020000',
      '20260231_020000',
      '.dump',
      'staging',
      'globals',
      'state',
      '.json',
      '.tar.gz',
      '.sql',
      '%2F',
      '%25',
      '%',
      '/',
      '.part',
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

describe('artifact names', () => {
  it('are read back as what they were made from, whatever the database is called', () => {
    holds(
      names,
      (name) => {
        expect(parseArtifactName(formatArtifactName(name))).toEqual(name);
      },
      { numRuns: 2000 },
    );
  });

  it('are written again as the very text that was read', () => {
    let read = 0;
    const texts = fc.oneof({ weight: 9, arbitrary: NEAR_NAMES }, names.map(formatArtifactName), fc.string());
    const check = (text: string): void => {
      const name = parseArtifactName(text);
      if (name === undefined) return;
      read += 1;
      expect(formatArtifactName(name)).toBe(text);
    };
    holds(texts, check, { numRuns: 5000 });
    expect(read).toBeGreaterThan(300);
  });

  it('never hold a slash, so that a database cannot lead out of its folder', () => {
    holds(names, (name) => {
      expect(formatArtifactName(name)).not.toContain('/');
    });
  });

  it('differ where the databases differ', () => {
    const timestamp = parseTimestamp('20260101_020000')!;
    const write = (database: string): string => formatArtifactName({ kind: 'dump', timestamp, database });
    holds(
      fc.tuple(databases, databases),
      ([one, other]) => {
        expect(write(one) === write(other)).toBe(one === other);
      },
      { numRuns: 1000 },
    );
  });

  it.each([
    ['geolens_20260101_020000.dump', 'geolens'],
    ['a_20250101_000000_20260101_020000.dump', 'a_20250101_000000'],
    ['_20260101_020000_20260101_020000.dump', '_20260101_020000'],
    ['100%_20260101_020000.dump', '100%'],
    ['a%2Fb_20260101_020000.dump', 'a/b'],
    ['a%252Fb_20260101_020000.dump', 'a%2Fb'],
    ['staging-20260101_020000.tar.gz_20260101_020000.dump', 'staging-20260101_020000.tar.gz'],
    ['line\nfeed_20260101_020000.dump', 'line\nfeed'],
  ])('reads %j as a dump of %j', (text, database) => {
    expect(parseArtifactName(text)).toEqual({ kind: 'dump', database, timestamp: '20260101_020000' });
  });

  it.each([
    '',
    'x.dump',
    '.dump',
    'geolens_2026.dump',
    'geolens-20260101_020000.dump',
    '_20260101_020000.dump',
    '20260101_020000.dump',
    'geolens_20260101_020000.dump.part',
    'geolens_20260101_020000.dump\n',
    'geolens_20260101_020000.DUMP',
    'geolens_20260231_020000.dump',
    'geolens_20260101_240000.dump',
    'geolens_20260101_020060.dump',
    'geo/lens_20260101_020000.dump',
    'a%252Gb_20260101_020000.dump',
    'staging-20260101_020000.tar.gz.part',
    'staging-20260101_020000.tar',
    'staging_20260101_020000.tar.gz',
    'staging-.tar.gz',
    'staging-20260229_020000.tar.gz',
    'xstaging-20260101_020000.tar.gz',
    'globals-20260101_020000.sql.gz',
    'manifest-20260101_020000.json~',
    '.manifest-20260101_020000.json',
    'state-20260231_020000.json',
    'state_20260101_020000.json',
    'state-20260101_020000.json.partial',
    'latest.dump',
  ])('takes %j for a file of another process', (text) => {
    expect(parseArtifactName(text)).toBeUndefined();
  });
});
