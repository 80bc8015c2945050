import { setTimeout as pause } from 'node:timers/promises';
import { describe, inject, it } from 'vitest';
import { related } from '../cli/restore/support/databases.ts';
import { drop } from '../cli/restore/support/restorer.ts';
import type { CliEnd } from '../support/cli.ts';
import { carryOut } from './support/campaign.ts';
import { Hand } from './support/hand.ts';
import { patience } from './support/plan.ts';
import type { Random } from '../support/random.ts';
import { newScene, type Scene } from './support/scene.ts';
import { hasToBeSound } from './support/sound.ts';
import type { Sight } from './support/witness.ts';

const WITHIN_MS = 1000;
const ROWS = 20_000;

interface Done {
  readonly args: readonly string[];
  readonly end: CliEnd;
}

async function laneOf(number: number): Promise<Scene> {
  const scene = await newScene(number, { s3: true });
  for (let day = 0; day < 3; day += 1) {
    await scene.recovers(await scene.witness.inspect());
    scene.toSunday();
  }
  return scene;
}

/** What one process may do beside others. @param copy a name of a database that no other process uses */
function commandOf(random: Random, { sets }: Sight, copy: string): readonly string[] {
  const suspicious = sets
    .filter(({ state }) => state === 'suspicious')
    .map(({ timestamp }) => ['accept', timestamp]);
  return random.pick([
    ['run', '--json'],
    ['run', '--json'],
    ['prune'],
    ['prune', '--dry-run', '--json'],
    ['verify'],
    ['verify', '--all', '--max-rate', '0'],
    ['list'],
    ['restore', 'latest', '--into', copy, '--yes', '--no-staging'],
    ['doctor', '--json'],
    ['health'],
    ...suspicious,
    ...suspicious,
  ]);
}

/** One or two commands, one after the other, from some moment within the second. */
async function neighbour(
  scene: Scene,
  commands: readonly (readonly string[])[],
  milliseconds: number,
): Promise<readonly Done[]> {
  await pause(milliseconds);
  const done: Done[] = [];
  for (const args of commands) done.push({ args, end: hasToBeSound(args, await scene.does(args)) });
  return done;
}

async function atWork(hand: Hand, random: Random): Promise<void> {
  for (let work = random.whole(2, 8); work > 0; work -= 1) {
    await pause(random.next() * WITHIN_MS);
    await hand.works(random);
  }
}

/** With few rows for a while, sets are suspicious. */
async function rowsAre({ operator: { database } }: Scene, rows: number): Promise<void> {
  await database.query(
    `TRUNCATE data.large; INSERT INTO data.large SELECT n, md5(n::text) FROM generate_series(1, ${rows}) n`,
  );
}

/**
 * A restored database is there when the command says so and only then, and nothing else is left of restores.
 */
async function copiesAreAsTold({ operator: { database } }: Scene, done: readonly Done[]): Promise<void> {
  for (const { args, end } of done.filter(({ args: [name] }) => name === 'restore')) {
    const copy = args[args.indexOf('--into') + 1]!;
    const there = await related({ ...database, database: copy });
    for (const name of there) await drop(database.client, name);
    const expected = end.code === 0 || end.code === 3 ? [copy] : [];
    if (there.join() !== expected.join())
      throw new Error(
        `a restore exits with ${end.code ?? '?'}, and there is "${there.join(', ')}": ${end.stderr}`,
      );
  }
}

/** What each run says of itself, as long as none can have been pushed out by those after it. */
function runsAreAsTold(scene: Scene, done: readonly Done[], after: Sight): void {
  const runs = done.filter(({ args: [name] }) => name === 'run');
  if (runs.length <= scene.keep.daily) for (const { end } of runs) scene.witness.agrees(end, after);
}

async function program(scene: Scene, random: Random, number: number): Promise<string> {
  scene.daysPass(random);
  if (random.chance(0.4)) {
    await rowsAre(scene, 100);
    hasToBeSound(['run'], await scene.does(['run']));
  }
  const before = await scene.witness.inspect({ tampered: true });
  const hand = new Hand(scene, before);
  const plans = Array.from({ length: random.whole(3, 5) }, (_, who) => {
    const commands = Array.from({ length: random.whole(1, 2) }, (_, nth) =>
      commandOf(random, before, `${scene.operator.database.database}_${number}_${who}_${nth}`),
    );
    return { commands, after: random.next() * WITHIN_MS };
  });
  const neighbours = plans.map(({ commands, after }) => neighbour(scene, commands, after));
  const [done] = await Promise.all([Promise.all(neighbours).then((all) => all.flat()), atWork(hand, random)]);
  const after = await scene.witness.inspect({ tampered: true });
  scene.witness.newestIsThere(before, after, scene);
  runsAreAsTold(scene, done, after);
  await copiesAreAsTold(scene, done);
  await hand.findsItsOwn();
  await rowsAre(scene, ROWS);
  await scene.recovers(after, { tampered: true, foreign: hand.foreign });
  await hand.findsItsOwn();
  await hand.clearsUp();
  return `exit codes ${[...new Set(done.map(({ end }) => end.code!))].sort().join(', ')}`;
}

describe.skipIf(inject('gateway') === undefined)(
  'several commands at once, on one volume and one bucket, beside somebody who works there by hand',
  () => {
    it('end as they should, lose no set, touch no foreign file, and the next run is good', {
      timeout: patience,
    }, async () => {
      await carryOut<Scene>({
        family: 'neighbours',
        kind: 'commands',
        short: 1,
        share: 1,
        lane: laneOf,
        program,
      });
    });
  },
);
