import fc, { type Arbitrary } from 'fast-check';
import type { Random } from '../../support/random.ts';
import { BucketCopyDamaged } from './commands/bucket-hands.ts';
import { Accept, Prune, VerifyAll } from './commands/keeping.ts';
import {
  Run,
  RunStopped,
  RunWhileBucketIsAway,
  RunWhileServerIsAway,
  RunWithDiskFault,
} from './commands/runs.ts';
import type { Step } from './commands/step.ts';
import { ClockGoesBack, DaysPass, TableBecomes } from './commands/time.ts';
import {
  OperatorAddsForeignFile,
  OperatorDeletesArtifact,
  OperatorFlipsBit,
} from './commands/volume-hands.ts';
import { Installation } from './installation.ts';
import type { Lane } from './lane.ts';
import { Model } from './model.ts';

/** At most, after the first; half of it on average, and some have nothing to act on. */
const COMMANDS = 18;

/** Shorter sequences that are tried when one has failed. */
const SHRINKS = 12;

const which = fc.nat(1000);

/** How often each comes, out of the sum of all. */
const STEPS: readonly { readonly weight: number; readonly arbitrary: Arbitrary<Step> }[] = [
  { weight: 8, arbitrary: fc.constant(new Run()) },
  { weight: 1, arbitrary: fc.constant(new RunWhileServerIsAway()) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }))
      .map((from) => new RunWhileBucketIsAway(from)),
  },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 60 }).map((at) => new RunWithDiskFault(at)) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 40 }).map((at) => new RunStopped(at)) },
  {
    weight: 2,
    arbitrary: fc
      .record({ daily: fc.integer({ min: 1, max: 4 }), weekly: fc.integer({ min: 1, max: 2 }) })
      .map((counts) => new Prune(counts)),
  },
  {
    weight: 5,
    arbitrary: fc
      .oneof(fc.integer({ min: 1, max: 8 }), fc.constantFrom(1, 6, 7))
      .map((days) => new DaysPass(days)),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 200_000 }).map((seconds) => new ClockGoesBack(seconds)) },
  { weight: 2, arbitrary: which.map((number) => new OperatorDeletesArtifact(number)) },
  { weight: 2, arbitrary: which.map((number) => new OperatorFlipsBit(number)) },
  { weight: 1, arbitrary: which.map((number) => new OperatorAddsForeignFile(number)) },
  { weight: 2, arbitrary: fc.constant(new VerifyAll()) },
  { weight: 2, arbitrary: fc.constant(new Accept()) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Step>(
      new TableBecomes('smaller'),
      new TableBecomes('smaller'),
      new TableBecomes('larger'),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(which, fc.boolean()).map(([number, gone]) => new BucketCopyDamaged(number, gone)),
  },
];

const sequences = fc.limitShrink(
  fc.commands([fc.oneof(...STEPS)], { maxCommands: COMMANDS, size: 'max', disableReplayLog: true }),
  SHRINKS,
);

/** Does one sequence in a new installation. Answers how many commands were done. */
export async function doOne(lane: Lane, random: Random): Promise<number> {
  let steps = 0;
  const property = fc.asyncProperty(sequences, async (commands) => {
    const model = new Model();
    const real = await Installation.make(lane, model.rows);
    try {
      await fc.asyncModelRun(() => ({ model, real }), [new Run(), ...commands]);
    } finally {
      await real.remove();
    }
    steps = model.steps;
  });
  const outcome = await fc.check(property, { seed: random.whole(1, 2 ** 31 - 1), numRuns: 1 });
  if (!outcome.failed) return steps;
  const failure = outcome.errorInstance as Error | null;
  throw new Error(
    `[Run,${fc.stringify(outcome.counterexample?.[0])}] (shrunk ${outcome.numShrinks} times) does not hold: ${failure?.message ?? 'nobody knows why'}`,
    { cause: failure },
  );
}
