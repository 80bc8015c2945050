import { describe, inject, it } from 'vitest';
import { openLane, type Lane } from './model/lane.ts';
import { doOne } from './model/sequence.ts';
import { carryOut } from './support/campaign.ts';
import { patience } from './support/plan.ts';

describe.skipIf(inject('gateway') === undefined)('whatever happens, in whatever order', () => {
  it('what there is and what is shown are what a model of it says', { timeout: patience }, async () => {
    await carryOut<Lane>({
      family: 'model',
      kind: 'sequence',
      short: 4,
      share: 1,
      lane: (number) => openLane(number),
      program: async (lane, random) => coarse(await doOne(lane, random)),
    });
  });
});

/** `6 to 10 commands` */
function coarse(steps: number): string {
  const from = steps === 0 ? 0 : Math.floor((steps - 1) / 5) * 5 + 1;
  return from === 0 ? 'no command' : `${from} to ${from + 4} commands`;
}
