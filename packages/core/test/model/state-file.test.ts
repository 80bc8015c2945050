import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBackupError, type Checks, type CheckResult } from '../../src/index.ts';
import { currentState, type StateFile } from '../../src/internal.ts';
import { amendStateFile, parseStateFile, timeOf } from '../../src/model/state-file.ts';
import { holds, moments } from '../support/arbitraries.ts';
import { at, manifestOf } from '../support/manifests.ts';

const T = at('20260104_020000');
const [EARLY, LATE] = ['2026-01-05T00:00:00.000Z', '2026-01-06T00:00:00.000Z'];
const passed = (when: string): CheckResult => ({ outcome: 'passed', at: when });
const failed = (when: string): CheckResult => ({ outcome: 'failed', at: when, reason: 'torn' });
const SUSPICION = { reasons: ['it is small'], at: EARLY };

const results: fc.Arbitrary<CheckResult> = fc.record(
  {
    outcome: fc.constantFrom('passed', 'failed', 'inconclusive', 'skipped'),
    at: moments.map((moment) => moment.toISOString()),
    reason: fc.string({ unit: 'binary' }),
  },
  { requiredKeys: ['outcome', 'at'] },
);
const checks: fc.Arbitrary<Checks> = fc.record(
  { checksum: results, content: results, restoreTest: results },
  { requiredKeys: [] },
);

describe('a state file', () => {
  it('is read back as it was written', () => {
    const learnt = fc.record(
      { checks, acceptedAt: moments.map((moment) => moment.toISOString()) },
      { requiredKeys: ['checks'] },
    );
    holds(learnt, (some) => {
      expect(parseStateFile(amendStateFile(undefined, T, some), T)).toEqual({ timestamp: T, ...some });
    });
  });

  it('keeps what it had, and unknown fields', () => {
    const first = amendStateFile(undefined, T, { checks: { checksum: passed(EARLY) }, acceptedAt: EARLY });
    const newer = first
      .replace('{', '{\n  "holds": [{ "until": "2027" }],')
      .replace('"checks": {', '"checks": {\n    "future": 1,');
    const amended = amendStateFile(newer, T, { checks: { content: failed(LATE) } });
    expect(parseStateFile(amended, T)).toEqual({
      timestamp: T,
      checks: { checksum: passed(EARLY), content: failed(LATE) },
      acceptedAt: EARLY,
    });
    expect(JSON.parse(amended)).toMatchObject({ holds: [{ until: '2027' }], checks: { future: 1 } });
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['without a version', '{}'],
    ['of another run', amendStateFile(undefined, at('20260105_020000'), {})],
    ['with a check that is none', `{"schemaVersion":1,"timestamp":"${T}","checks":{"checksum":true}}`],
    [
      'with an unknown outcome',
      `{"schemaVersion":1,"timestamp":"${T}","checks":{"checksum":{"outcome":"good","at":"${EARLY}"}}}`,
    ],
    [
      'with a check of no moment',
      `{"schemaVersion":1,"timestamp":"${T}","checks":{"checksum":{"outcome":"passed","at":"soon"}}}`,
    ],
    ['accepted at no moment', `{"schemaVersion":1,"timestamp":"${T}","acceptedAt":"yes"}`],
  ])('that is %s is refused, and replaced by what is learnt next', (_, text) => {
    expect(() => parseStateFile(text, T)).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
    expect(parseStateFile(amendStateFile(text, T, { acceptedAt: LATE }), T)).toEqual({
      timestamp: T,
      checks: {},
      acceptedAt: LATE,
    });
  });

  it('of a newer version is refused, and left alone', () => {
    const text = '{"schemaVersion":2}';
    for (const use of [() => parseStateFile(text, T), () => amendStateFile(text, T, {})])
      expect(use).toThrow(expect.objectContaining({ code: 'MANIFEST_TOO_NEW' }));
  });

  it('never fails otherwise than with a BackupError, whatever it holds', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((checks) => JSON.stringify({ schemaVersion: 1, timestamp: T, checks })),
    );
    holds(
      texts,
      (text) => {
        try {
          parseStateFile(text, T);
        } catch (error) {
          expect(isBackupError(error, 'MANIFEST_INVALID', 'MANIFEST_TOO_NEW')).toBe(true);
        }
      },
      { numRuns: 1000 },
    );
  });
});

describe('the state of a set', () => {
  const state = (change: Partial<StateFile>): StateFile => ({ timestamp: T, checks: {}, ...change });

  it('is that of its manifest where there is no state file', () => {
    const manifest = manifestOf(T, 'geolens', { suspicion: SUSPICION });
    expect(currentState(manifest, undefined)).toEqual({ checks: manifest.checks, suspicion: SUSPICION });
  });

  it('has of each check the later result, and at the same moment that of the state file', () => {
    const manifest = manifestOf(T, 'geolens', {
      checks: { checksum: passed(EARLY), content: failed(LATE), restoreTest: passed('not a date') },
    });
    const learnt = { checksum: failed(LATE), content: passed(EARLY), restoreTest: failed(EARLY) };
    expect(currentState(manifest, state({ checks: learnt })).checks).toEqual({
      checksum: failed(LATE),
      content: failed(LATE),
      restoreTest: failed(EARLY),
    });
    const same = manifestOf(T, 'geolens', { checks: { content: passed(EARLY) } });
    expect(currentState(same, state({ checks: { content: failed(EARLY) } })).checks.content).toEqual(
      failed(EARLY),
    );
  });

  it('is suspicious until it is accepted, in either', () => {
    const manifest = manifestOf(T, 'geolens', { suspicion: SUSPICION });
    expect(currentState(manifest, state({})).suspicion).toEqual(SUSPICION);
    expect(currentState(manifest, state({ acceptedAt: LATE }))).toMatchObject({
      suspicion: undefined,
      acceptedAt: LATE,
    });
    expect(currentState(manifestOf(T, 'geolens', { acceptedAt: EARLY }), undefined)).toMatchObject({
      suspicion: undefined,
      acceptedAt: EARLY,
    });
  });

  it('never has a result that is older than one that was known', () => {
    holds(fc.tuple(checks, checks), ([one, other]) => {
      const merged = currentState(manifestOf(T, 'geolens', { checks: one }), state({ checks: other })).checks;
      for (const name of ['checksum', 'content', 'restoreTest'] as const)
        expect(timeOf(merged[name])).toBe(Math.max(timeOf(one[name]), timeOf(other[name])));
    });
  });
});
