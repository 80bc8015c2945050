import { describe, it } from 'vitest';
import { noFaketime } from '../support/faketime.ts';
import { carryOut } from './support/campaign.ts';
import { honest } from './support/honest.ts';
import { patience } from './support/plan.ts';
import type { Random } from '../support/random.ts';
import { newScene, type Scene } from './support/scene.ts';
import { sunday } from './support/sunday.ts';

const DAY_MS = 86_400_000;

/** Where the clock may stand; each makes a moment of the one before. */
const MOVES: Readonly<Record<string, (now: number, random: Random) => number>> = {
  'a day later': (now) => now + DAY_MS,
  'a week asleep': (now) => now + 7 * DAY_MS,
  'set back an hour': (now) => now - 3_600_000,
  'set back a month': (now) => now - 30 * DAY_MS,
  'set ahead a year': (now) => now + 365 * DAY_MS,
  'the last second of a Sunday': (now) => sunday(now) + DAY_MS - 1000,
  'the last second of a Saturday': (now) => sunday(now) - 1000,
  'the same second again': (now) => now,
  'the hour that is twice, in Berlin': (now) => Date.UTC(new Date(now).getUTCFullYear(), 9, 25, 0, 59, 58),
  'the hour that is not, in Berlin': (now) => Date.UTC(new Date(now).getUTCFullYear(), 2, 29, 0, 59, 58),
  'a leap day': () => Date.UTC(2028, 1, 29, 23, 59, 59),
  'the end of a year': (now) => Date.UTC(new Date(now).getUTCFullYear(), 11, 31, 23, 59, 58),
};

function weeklyIffSunday(
  { sets }: Awaited<ReturnType<Scene['witness']['inspect']>>,
  timestamp: string,
): void {
  const [year, month, day] = [timestamp.slice(0, 4), timestamp.slice(4, 6), timestamp.slice(6, 8)].map(
    Number,
  );
  const isSunday = new Date(Date.UTC(year!, month! - 1, day)).getUTCDay() === 0;
  const inWeekly = sets.some(
    (set) => set.tier === 'weekly' && set.timestamp === timestamp && set.state === 'complete',
  );
  if (inWeekly !== isSunday)
    throw new Error(
      `${timestamp} is ${isSunday ? '' : 'not '}of a Sunday, and ${inWeekly ? '' : 'not '}in weekly`,
    );
}

describe.skipIf(noFaketime !== undefined)('a clock', () => {
  it('that jumps anywhere costs no set, and two starts within a second make two sets, or one and a refusal', {
    timeout: patience,
  }, async () => {
    await carryOut<{ scene: Scene; now: number }>({
      family: 'clock',
      kind: 'jumps',
      short: 4,
      share: 1,
      lane: async (number) => ({ scene: await newScene(number), now: Date.UTC(2026, 10, 20, 2) }),
      program: async (lane, random) => {
        const { scene } = lane;
        const move = random.pick(Object.keys(MOVES));
        lane.now = MOVES[move]!(lane.now, random);
        const before = await scene.witness.inspect();
        scene.isNow(lane.now);
        const ends = await Promise.all(
          Array.from({ length: random.pick([1, 1, 2]) }, () => scene.does(['run', '--json'])),
        );
        const after = await scene.witness.inspect();
        const made = new Set<string>();
        for (const end of ends) {
          if (end.code === 4) continue;
          await honest(scene, end);
          if (end.code !== 0) throw new Error(`a run ended with ${end.code ?? '?'}: ${end.stderr}`);
          const { timestamp } = JSON.parse(end.stdout) as { timestamp: string };
          if (made.has(timestamp)) throw new Error(`two runs of ${timestamp}`);
          made.add(timestamp);
          weeklyIffSunday(after, timestamp);
        }
        if (made.size === 0) throw new Error('no run was made');
        // A set of a time to come takes no place: what is there may become more than is to be kept, and never
        // less.
        scene.witness.nothingLost(before, after, scene);
        return move;
      },
    });
  });
});
