import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorText, isBackupError, parseManifest, type BackupError, type Manifest } from '../../src/index.ts';
import { formatManifest } from '../../src/internal.ts';
import { databases, holds, timestamps } from '../support/arbitraries.ts';
import { at, manifestOf } from '../support/manifests.ts';

const MANIFEST = manifestOf(at('20260101_020000'));
const counts = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const digests = fc.string({
  unit: fc.constantFrom(...'0123456789abcdef'.split('')),
  minLength: 64,
  maxLength: 64,
});
const results = fc.record(
  { outcome: fc.constantFrom('passed' as const, 'failed' as const), at: fc.string(), reason: fc.string() },
  { requiredKeys: ['outcome', 'at'] },
);

const manifests: fc.Arbitrary<Manifest> = fc
  .record({
    timestamp: timestamps,
    database: databases,
    words: fc.array(fc.string(), { maxLength: 3 }),
    rowCounts: fc.array(
      fc.record({ schema: fc.string(), table: fc.string({ unit: 'binary' }), rows: counts }),
      { maxLength: 4 },
    ),
    checks: fc.record({ checksum: results, content: results, restoreTest: results }, { requiredKeys: [] }),
    tiers: fc.subarray(['daily', 'weekly'] as const),
    bytes: counts,
    sha256: digests,
    judgement: fc.record(
      {
        suspicion: fc.record({ reasons: fc.array(fc.string()), at: fc.string() }),
        acceptedAt: fc.string(),
        acceptedSince: timestamps,
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ timestamp, database, words, rowCounts, checks, tiers, bytes, sha256, judgement }) => {
    const base = manifestOf(timestamp, database, {
      checks,
      tiers,
      warnings: words,
      extensions: words.map((name) => ({ name, version: name })),
      ...judgement,
    });
    const [dump, ...others] = base.artifacts;
    return {
      ...base,
      artifacts: [{ ...dump!, rowCounts, tableCount: rowCounts.length, bytes, sha256 }, ...others],
    };
  });

/** The manifest's JSON with one place of it changed; undefined takes the field away. */
function damaged(path: readonly (string | number)[], value: unknown): string {
  const root = JSON.parse(formatManifest(MANIFEST)) as Record<string | number, unknown>;
  const [last, ...reversed] = [...path].reverse();
  const parent = reversed
    .reverse()
    .reduce((node, step) => node[step] as Record<string | number, unknown>, root);
  parent[last!] = value;
  return JSON.stringify(root);
}

function refusal(text: string): BackupError {
  try {
    parseManifest(text);
  } catch (error) {
    expect(isBackupError(error)).toBe(true);
    return error as BackupError;
  }
  throw new Error('the manifest was accepted');
}

describe('a manifest', () => {
  it('is read back as it was written', () => {
    holds(
      manifests,
      (manifest) => {
        expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
      },
      { numRuns: 300 },
    );
  });

  it('ends with a line feed, and is readable for people', () => {
    expect(formatManifest(MANIFEST)).toMatch(/^\{\n {2}"schemaVersion": 1,[^]*\}\n$/);
  });

  it('may hold fields that nobody knows yet', () => {
    const text = damaged(['artifacts', 0, 'colour'], 'red').replace('{', '{"future":{"deep":[1]},');
    expect(parseManifest(text)).toEqual(MANIFEST);
  });

  it('does without what older ones lack: checks, warnings and the properties of the database', () => {
    const old: Record<string, unknown> = { ...MANIFEST };
    delete old['checks'];
    delete old['warnings'];
    delete old['databaseProperties'];
    expect(parseManifest(JSON.stringify(old))).toStrictEqual({ ...old, checks: {}, warnings: [] });
  });

  it('of a newer form is refused with both versions and the hint, whatever else it holds', () => {
    const error = refusal('{"schemaVersion":3}');
    expect(error.code).toBe('MANIFEST_TOO_NEW');
    expect(errorText(error)).toMatch(/schemaVersion 3.*up to 2.*newer/);
  });

  const WRONG: readonly (readonly [path: readonly (string | number)[], value: unknown])[] = [
    [['schemaVersion'], '1'],
    [['schemaVersion'], 0],
    [['schemaVersion'], 1.5],
    [['timestamp'], 5],
    [['timestamp'], '20260231_020000'],
    [['toolVersion'], null],
    [['database'], ['geolens']],
    [['serverVersion'], 17],
    [['clientVersion'], {}],
    [['extensions'], {}],
    [['extensions', 0, 'version'], 3],
    [['databaseProperties', 'owner'], 1],
    [['databaseProperties', 'encoding'], null],
    [['databaseProperties', 'collate'], []],
    [['databaseProperties', 'ctype'], {}],
    [['databaseProperties', 'localeProvider'], 0],
    [['databaseProperties', 'localeProvider'], 'libc; DROP DATABASE x'],
    [['databaseProperties', 'locale'], true],
    [['startedAt'], 0],
    [['finishedAt'], false],
    [['tiers'], 'daily'],
    [['tiers'], [1]],
    [['artifacts'], null],
    [['artifacts', 1, 'name'], 'notes.txt'],
    [['artifacts', 1, 'name'], 'manifest-20260101_020000.json'],
    [['artifacts', 1, 'name'], 'state-20260101_020000.json'],
    [['artifacts', 0, 'bytes'], -1],
    [['artifacts', 0, 'bytes'], 1e300],
    [['artifacts', 0, 'sha256'], 'A'.repeat(64)],
    [['artifacts', 0, 'sha256'], 'a'],
    [['artifacts', 0, 'compression'], 1],
    [['artifacts', 0, 'tableCount'], '1'],
    [['artifacts', 1, 'members'], 0.5],
    [['artifacts', 0, 'rowCounts', 0, 'rows'], '3'],
    [['artifacts', 0, 'rowCounts', 0, 'schema'], 1],
    [['artifacts', 0, 'rowCounts', 0, 'table'], 1],
    [['checks', 'checksum', 'ok'], 'yes'],
    [['checks', 'checksum', 'at'], 1],
    [['warnings'], [1]],
  ];

  it.each(WRONG)('names the field that is wrong: %j as %j', (path, value) => {
    const error = refusal(damaged(path, value));
    expect(error.code).toBe('MANIFEST_INVALID');
    const places = path.filter((step) => typeof step === 'string');
    expect(error.message).toContain(`${places.at(-1)!} is missing or not`);
    for (const place of places) expect(error.message).toContain(place);
  });

  const OPTIONAL = [
    'databaseProperties',
    'localeProvider',
    'locale',
    'checks',
    'warnings',
    'compression',
    'tableCount',
    'rowCounts',
    'members',
  ];
  const REQUIRED = WRONG.map(([path]) => path).filter((path) => !OPTIONAL.includes(String(path.at(-1))));

  it.each(REQUIRED)('names the field that is missing: %j %j %j', (...path) => {
    const error = refusal(damaged(path, undefined));
    expect(error.code).toBe('MANIFEST_INVALID');
    expect(error.message).toContain(`${path.at(-1)!} is missing`);
  });

  it.each(['', 'null', '[]', '"text"', '5', '{', '\u0000', '\uFEFF{}', '['.repeat(50_000)])(
    'is not %#: a clear error',
    (text) => {
      expect(refusal(text).code).toBe('MANIFEST_INVALID');
    },
  );

  it('never fails otherwise than with a BackupError, whatever the file holds', () => {
    const paths = fc.constantFrom<(string | number)[]>(
      ...WRONG.map(([path]) => [...path]),
      ['checks'],
      ['checks', 'checksum'],
      ['artifacts', 0],
      ['__proto__'],
    );
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.tuple(paths, fc.jsonValue()).map(([path, value]) => damaged(path, value)),
    );
    const check = (text: string): void => {
      try {
        parseManifest(text);
      } catch (error) {
        expect(isBackupError(error, 'MANIFEST_INVALID', 'MANIFEST_TOO_NEW')).toBe(true);
      }
    };
    holds(texts, check, { numRuns: 1000 });
  });
});
