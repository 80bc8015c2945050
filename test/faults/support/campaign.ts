import { appendFileSync } from 'node:fs';
import { Random } from '../../support/random.ts';
import { plan } from './plan.ts';

export interface Campaign<Lane> {
  /** What is done, in a word; the name of the test file. */
  readonly family: string;
  /** What is done in particular: one of a family's kinds of programs. */
  readonly kind: string;
  /** How many programs the short form has. */
  readonly short: number;
  /**
   * The share of the family's programs that are of this kind, in the long form; the shares of a family make
   * 1.
   */
  readonly share: number;
  /**
   * Makes what the programs of a lane work with, one after the other. Two lanes go on side by side in the
   * long form.
   */
  readonly lane: (number: number) => Promise<Lane>;
  /**
   * Does one program; throws when something does not hold that has to. Answers, in a few words, what it hit.
   */
  readonly program: (lane: Lane, random: Random, number: number) => Promise<string>;
}

/**
 * Does the programs of a campaign, and writes down how many, of which seed, in what time, and what they hit.
 */
export async function carryOut<Lane>({
  family,
  kind,
  short,
  share,
  lane: makeLane,
  program,
}: Campaign<Lane>): Promise<void> {
  if (plan.kind !== undefined && plan.kind !== kind) return;
  const count =
    plan.count === undefined ? short : Math.ceil(plan.count * (plan.kind === undefined ? share : 1));
  const began = performance.now();
  const end = plan.minutes === undefined ? Infinity : began + plan.minutes * 60_000;
  let programs = 0;
  const hits = new Map<string, number>();
  const queue = Array.from({ length: count }, (_, index) => plan.from + index).values();
  const work = async (number: number): Promise<void> => {
    const lane = await makeLane(number);
    while (performance.now() < end) {
      const { value: next } = queue.next();
      if (next === undefined) break;
      const hit = await attempt(next, (random) => program(lane, random, next), { family, kind });
      hits.set(hit, (hits.get(hit) ?? 0) + 1);
      programs += 1;
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, plan.lanes) }, (_, number) => work(number)));
  const seconds = (performance.now() - began) / 1000;
  if (plan.report !== undefined)
    appendFileSync(
      plan.report,
      `${JSON.stringify({ family, kind, programs, seed: plan.seed, from: plan.from, seconds, hits: Object.fromEntries([...hits].sort()) })}\n`,
    );
}

async function attempt(
  number: number,
  work: (random: Random) => Promise<string>,
  { family, kind }: { family: string; kind: string },
): Promise<string> {
  try {
    return await work(new Random(plan.seed, family, kind, number));
  } catch (error) {
    const again = `npm run test:faults -- ${family} --kind '${kind}' --seed ${plan.seed} --from ${number} --count 1`;
    throw new Error(
      `${family}, ${kind}, program ${number} of seed ${plan.seed}: ${(error as Error).message}\n(again: ${again})`,
      { cause: error },
    );
  }
}
