import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeHealth, parseTimestamp, type JournalState } from '../../src/index.ts';
import { holds } from '../support/arbitraries.ts';

const HOUR_MS = 3_600_000;
const MAX_AGE_MS = 36 * HOUR_MS;
const NOW = new Date('2026-11-25T12:00:00Z');
const hoursAgo = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR_MS);

function judged(journal: JournalState, setsAt: readonly Date[] = []): ReturnType<typeof judgeHealth> {
  return judgeHealth({ now: NOW, maxAgeMs: MAX_AGE_MS, journal, setsAt });
}

/** What a run leaves in the journal that began a number of hours ago and took an hour. */
function ran(hours: number, outcome: 'succeeded' | 'with-errors' | 'failed' = 'succeeded'): JournalState {
  const [startedAt, finishedAt] = [hoursAgo(hours).toISOString(), hoursAgo(hours - 1).toISOString()];
  const timestamp = parseTimestamp(
    startedAt
      .replace(/\.\d+Z$/, '')
      .replace(/[-:]/g, '')
      .replace('T', '_'),
  );
  return {
    lastRun: {
      timestamp,
      outcome,
      startedAt,
      finishedAt,
      error: outcome === 'failed' ? 'no space left' : undefined,
    },
    ...(outcome !== 'failed' && { lastSuccessAt: finishedAt }),
  };
}

describe('health', () => {
  it('is good while the last success is young enough, and not a moment longer', () => {
    holds(fc.integer({ min: 0, max: 100 * HOUR_MS }), (age) => {
      const made = new Date(NOW.getTime() - age);
      const { healthy, ageMs, lastSuccessAt } = judged({ lastSuccessAt: made.toISOString() }, [
        made,
        hoursAgo(200),
      ]);
      expect({ healthy, ageMs, lastSuccessAt }).toEqual({
        healthy: age <= MAX_AGE_MS,
        ageMs: age,
        lastSuccessAt: made,
      });
    });
  });

  it.each(['succeeded', 'with-errors'] as const)('counts from the end of a run that was %s', (outcome) => {
    expect(judged(ran(36.5, outcome), [hoursAgo(36.5)])).toMatchObject({
      healthy: true,
      ageMs: 35.5 * HOUR_MS,
      lastSuccessAt: hoursAgo(35.5),
    });
  });

  it('is good for a while after the first start, though nothing has succeeded yet', () => {
    expect(judged({ firstStartAt: hoursAgo(1).toISOString() })).toMatchObject({
      healthy: true,
      ageMs: HOUR_MS,
      lastSuccessAt: undefined,
    });
    expect(judged({ firstStartAt: hoursAgo(37).toISOString() })).toMatchObject({
      healthy: false,
      problem: 'no run has succeeded since the first start',
    });
  });

  it('does not hold old sets that were there before it against the first start', () => {
    expect(judged({ firstStartAt: hoursAgo(1).toISOString() }, [hoursAgo(300)])).toMatchObject({
      healthy: true,
      ageMs: HOUR_MS,
    });
  });

  it('takes sets that another tool has made, or whose journal is lost, for successes', () => {
    expect(judged({}, [hoursAgo(2)]).healthy).toBe(true);
    expect(judged({}, [hoursAgo(40)])).toMatchObject({
      healthy: false,
      problem: 'the last success is too long ago',
    });
  });

  it('is bad when nothing is there and nothing was ever begun', () => {
    expect(judged({})).toMatchObject({
      healthy: false,
      ageMs: undefined,
      problem: 'there is no set, and no run was ever begun',
    });
  });

  it('is bad when a run has succeeded and its set is gone, whatever was started when', () => {
    const journal = { ...ran(2), firstStartAt: hoursAgo(3).toISOString() };
    expect(judged(journal)).toMatchObject({
      healthy: false,
      problem: 'runs have succeeded, but none of their sets is left',
    });
    expect(judged(journal, [hoursAgo(50)])).toMatchObject({
      healthy: false,
      problem: 'the last success is too long ago',
    });
  });

  it('stays good after a run that failed, as long as the success before is young enough, and tells of the failure', () => {
    const journal = { ...ran(2, 'failed'), lastSuccessAt: hoursAgo(24).toISOString() };
    expect(judged(journal, [hoursAgo(25)])).toMatchObject({
      healthy: true,
      lastFailure: { at: hoursAgo(1), error: 'no space left' },
    });
    expect(judged(journal, [hoursAgo(37)])).toMatchObject({
      healthy: false,
      lastFailure: { error: 'no space left' },
    });
    expect(judged(ran(2), [hoursAgo(2)]).lastFailure).toBeUndefined();
  });

  it('takes no notice of moments in the future, nor of a journal that makes no sense', () => {
    expect(
      judged({ lastSuccessAt: hoursAgo(-1000).toISOString() }, [hoursAgo(-1000), hoursAgo(40)]).healthy,
    ).toBe(false);
    expect(judged({ firstStartAt: hoursAgo(-1000).toISOString() }).healthy).toBe(false);
    expect(
      judged({ firstStartAt: 'yesterday', lastSuccessAt: 7 as never, lastRun: 'failed' as never }).healthy,
    ).toBe(false);
    expect(
      judged({ firstStartAt: 'yesterday', lastRun: { timestamp: 'x' } as never }, [hoursAgo(2)]).healthy,
    ).toBe(true);
  });
});
