import { describe, expect, it } from 'vitest';
import { dueSlot, parseSchedule, type JournalledSlot } from '../../src/index.ts';

const schedule = parseSchedule('0 2 * * *');
const NOW = '2026-01-10T08:00:00Z';
const SLOT = '2026-01-10T02:00:00.000Z';

interface Example {
  readonly now?: string;
  readonly settledUntil?: readonly string[];
  readonly lastSlot?: JournalledSlot;
  readonly due: string | undefined;
}

const tried = (slot: string, settled: boolean, attempts = 1): JournalledSlot => ({ slot, settled, attempts });

const EXAMPLES: Record<string, Example> = {
  'nothing is known: the latest slot is due': { due: SLOT },
  'a week was slept through: one slot, the latest': {
    settledUntil: ['2026-01-03T02:00:00Z'],
    lastSlot: tried('2026-01-03T02:00:00.000Z', true),
    due: SLOT,
  },
  'started for the first time after the slot': { settledUntil: ['2026-01-10T07:59:00Z'], due: undefined },
  'the newest set was made at the slot': { settledUntil: [SLOT], due: undefined },
  'the newest set was made a second before the slot': { settledUntil: ['2026-01-10T01:59:59Z'], due: SLOT },
  'a run by hand after the slot': { settledUntil: ['2026-01-10T03:30:00Z'], due: undefined },
  'the slot was tried, and failed or not': { lastSlot: tried(SLOT, true), due: undefined },
  'its process was cut off: once more': { lastSlot: tried(SLOT, false), due: SLOT },
  'its process was cut off twice: no more': { lastSlot: tried(SLOT, false, 2), due: undefined },
  'a former slot was cut off: only the latest counts': {
    lastSlot: tried('2026-01-09T02:00:00.000Z', false, 2),
    due: SLOT,
  },
  'the journal tells of a slot in the future': {
    lastSlot: tried('2026-01-11T02:00:00.000Z', true),
    due: SLOT,
  },
  'the journal tells of a slot in the future that was cut off': {
    lastSlot: tried('2026-01-11T02:00:00.000Z', false, 2),
    due: SLOT,
  },
  'the newest set lies in the future': { settledUntil: ['2036-01-01T00:00:00Z'], due: SLOT },
  'a set in the future hides none in the past': {
    settledUntil: ['2036-01-01T00:00:00Z', '2026-01-10T02:00:01Z'],
    due: undefined,
  },
  'the clock was put back behind the last slot': {
    now: '2026-01-09T08:00:00Z',
    lastSlot: tried(SLOT, true),
    settledUntil: [SLOT],
    due: '2026-01-09T02:00:00.000Z',
  },
  'a slot of another schedule was tried since': {
    lastSlot: tried('2026-01-10T06:00:00.000Z', true),
    due: undefined,
  },
  'a slot of another schedule was cut off since': {
    lastSlot: tried('2026-01-10T06:00:00.000Z', false),
    due: SLOT,
  },
  'the journal holds no date': { lastSlot: tried('yesterday', true), due: SLOT },
  'the slot is this very moment': { now: SLOT, due: SLOT },
  'a millisecond before the slot, the former one is meant': {
    now: '2026-01-10T01:59:59.999Z',
    settledUntil: ['2026-01-09T02:00:00Z'],
    due: undefined,
  },
};

describe('the slot that is due', () => {
  it.each(Object.entries(EXAMPLES))('%s', (_title, { now = NOW, settledUntil = [], lastSlot, due }) => {
    const answer = dueSlot({
      schedule,
      now: new Date(now),
      settledUntil: settledUntil.map((moment) => new Date(moment)),
      lastSlot,
    });
    expect(answer?.toISOString()).toBe(due);
  });

  it('is none before a schedule that has had no slot for nine years', () => {
    const never = { ...schedule, previous: () => undefined };
    expect(
      dueSlot({ schedule: never, now: new Date(NOW), settledUntil: [], lastSlot: undefined }),
    ).toBeUndefined();
  });

  it('is due once: what was begun for it settles it', () => {
    const slot = dueSlot({ schedule, now: new Date(NOW), settledUntil: [], lastSlot: undefined })!;
    expect(
      dueSlot({ schedule, now: new Date(NOW), settledUntil: [], lastSlot: tried(slot.toISOString(), true) }),
    ).toBeUndefined();
  });
});
