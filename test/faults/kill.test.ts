import { setTimeout as pause } from 'node:timers/promises';
import { describe, inject, it } from 'vitest';
import type { RunningCli } from '../support/cli.ts';
import { carryOut } from './support/campaign.ts';
import { countDiskCalls, meeting } from './support/disk-calls.ts';
import { writeRaster } from './support/large-file.ts';
import { patience } from './support/plan.ts';
import type { Random } from '../support/random.ts';
import { newScene, type Scene } from './support/scene.ts';

const family = 'kill';

/** About: four artifacts of each set, their folders, and the lock. */
const CHANGES_OF_A_PRUNE = 12;

interface Lane {
  readonly scene: Scene;
  /** How long the command takes when nobody kills it. */
  readonly milliseconds: number;
}

async function laneOf(
  number: number,
  args: readonly string[],
  {
    s3 = false,
    large = false,
    encrypt,
  }: {
    readonly s3?: boolean;
    readonly large?: boolean;
    readonly encrypt?: 'replicas' | 'all' | undefined;
  } = {},
): Promise<Lane> {
  const scene = await newScene(number, { s3, encrypt });
  if (large) await writeRaster(scene.operator, { large });
  await scene.operator.goodRun();
  const began = performance.now();
  const end = await scene.does(args);
  if (end.code !== 0) throw new Error(end.stderr);
  return { scene, milliseconds: performance.now() - began };
}

/**
 * Kills the command with all that it has started, at some moment. Answers in which phase it was, as far as
 * its log tells.
 */
async function killed(running: RunningCli, milliseconds: number): Promise<string> {
  await pause(milliseconds);
  running.kill('SIGKILL');
  const end = await running.end;
  if (end.signal === null) return 'had ended';
  const said = [...end.stderr.matchAll(/INFO +(.*)/g)].map(([, text]) =>
    /^run \d/.test(text!) ? 'begins' : text!.replace(/: .*/, '').replaceAll(/\d+_\d+|".*"|\(.*\)/g, '…'),
  );
  return `after: ${said.at(-1) ?? 'nothing was said'}`;
}

/** Somewhere in the time of a command, the start of Node being of no interest. */
function moment(random: Random, milliseconds: number): number {
  return 150 + random.next() * Math.max(0, 0.9 * milliseconds - 150);
}

/** Kills the command at one of its changes of the disk. */
async function killedAt(
  scene: Scene,
  args: readonly string[],
  at: number,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const end = await scene.does(args, { ...env, ...meeting({ at, do: 'kill' }) });
  return end.signal === null && end.code === 0 ? 'had ended' : `change ${at}`;
}

describe('kill -9', () => {
  it('of a run, at any moment, costs no set, and the next run clears up', { timeout: patience }, async () => {
    await carryOut<Lane>({
      family,
      kind: 'run',
      short: 3,
      share: 0.2,
      lane: (number) => laneOf(number, ['run']),
      program: async ({ scene, milliseconds }, random) => {
        scene.daysPass(random);
        return scene.costsNothing(() => killed(scene.begins(['run']), moment(random, milliseconds)));
      },
    });
  });

  it('of a run, at any change of the disk, costs no set, and the next run clears up', {
    timeout: patience,
  }, async () => {
    await carryOut<Lane & { calls: number }>({
      family,
      kind: 'run, at a change of the disk',
      short: 4,
      share: 0.15,
      lane: async (number) => {
        const lane = await laneOf(number, ['run']);
        return { ...lane, calls: await countDiskCalls(lane.scene.operator, ['run']) };
      },
      program: async ({ scene, calls }, random) => {
        scene.daysPass(random);
        return scene.costsNothing(() => killedAt(scene, ['run'], random.whole(1, calls + 4)));
      },
    });
  });

  it.skipIf(inject('gateway') === undefined)(
    'of a run that copies to a bucket costs no copy, and the next run leaves no upload open',
    { timeout: patience },
    async () => {
      await carryOut<Lane>({
        family,
        kind: 'replication',
        short: 2,
        share: 0.15,
        lane: (number) => laneOf(number, ['run'], { s3: true, large: true }),
        program: async ({ scene, milliseconds }, random) => {
          scene.daysPass(random);
          await writeRaster(scene.operator, { large: random.chance(0.7) });
          return scene.costsNothing(() => killed(scene.begins(['run']), moment(random, milliseconds)));
        },
      });
    },
  );

  it.skipIf(inject('gateway') === undefined)(
    'of a run whose sets are encrypted, in the bucket alone or on the volume too, costs no set and no copy',
    { timeout: patience },
    async () => {
      for (const encrypt of ['replicas', 'all'] as const)
        await carryOut<Lane>({
          family,
          kind: `encrypted ${encrypt}`,
          short: 2,
          share: 0.05,
          lane: (number) => laneOf(number, ['run'], { s3: true, large: true, encrypt }),
          program: async ({ scene, milliseconds }, random) => {
            scene.daysPass(random);
            await writeRaster(scene.operator, { large: random.chance(0.7) });
            return scene.costsNothing(() => killed(scene.begins(['run']), moment(random, milliseconds)));
          },
        });
    },
  );

  it('of a proof leaves no server, and the next run, or verify, clears up', {
    timeout: patience,
  }, async () => {
    await carryOut<Lane>({
      family,
      kind: 'verify --restore',
      short: 1,
      share: 0.15,
      lane: (number) => laneOf(number, ['verify', '--restore']),
      program: ({ scene, milliseconds }, random) => {
        scene.daysPass(random); // several runs of one second have names that lie in the future
        return scene.costsNothing(async () => {
          const hit = await killed(scene.begins(['verify', '--restore']), moment(random, milliseconds));
          if (random.chance(0.5)) return hit;
          const next = await scene.does(['verify']);
          if (next.code !== 0)
            throw new Error(`the next verify ended with ${next.code ?? '?'}: ${next.stderr}`);
          await scene.isClean();
          return hit;
        });
      },
    });
  });

  it('of a prune removes no set that had to stay, and leaves none by halves that counts', {
    timeout: patience,
  }, async () => {
    await carryOut<Lane>({
      family,
      kind: 'prune',
      short: 2,
      share: 0.1,
      lane: (number) => laneOf(number, ['run']),
      program: async ({ scene }, random) => {
        const many = { BACKUP_RETENTION_DAILY: '9', BACKUP_RETENTION_WEEKLY: '9' };
        for (let run = random.whole(1, 3); run > 0; run -= 1) {
          scene.daysPass(random);
          await scene.does(['run'], many);
        }
        const keep = { daily: random.whole(1, 3), weekly: random.whole(1, 2) };
        const few = {
          BACKUP_RETENTION_DAILY: String(keep.daily),
          BACKUP_RETENTION_WEEKLY: String(keep.weekly),
        };
        return scene.costsNothing(
          () => killedAt(scene, ['prune'], random.whole(1, CHANGES_OF_A_PRUNE), few),
          keep,
        );
      },
    });
  });
});
