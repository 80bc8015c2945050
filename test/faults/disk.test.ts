import { existsSync } from 'node:fs';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { mayMount } from '../../packages/system/test/support/folders.ts';
import { carryOut } from './support/campaign.ts';
import { countDiskCalls, meeting } from './support/disk-calls.ts';
import { honest } from './support/honest.ts';
import { mount, mountOver } from './support/mounts.ts';
import { patience } from './support/plan.ts';
import { newScene, type Scene } from './support/scene.ts';
import { hasToBeSound } from './support/sound.ts';

const family = 'disk';
const VOLUME_BYTES = 8_000_000;
const ERRORS = ['ENOSPC', 'EIO', 'EDQUOT', 'EROFS', 'EMFILE', 'EACCES'];
const LINK_IS_NOT_SUPPORTED = meeting({ at: 1, do: 'EPERM', times: 1_000, only: 'link' });

async function sceneWithSet(number: number): Promise<Scene> {
  const scene = await newScene(number);
  await scene.operator.goodRun();
  return scene;
}

/** Leaves so many bytes free on the volume. */
async function fill(scene: Scene, free: number): Promise<void> {
  const { backups } = scene.operator.volume;
  const { bavail, bsize } = await statfs(backups);
  await writeFile(join(backups, 'filling'), Buffer.alloc(Math.max(0, bavail * bsize - free)));
}

function empty(scene: Scene): Promise<void> {
  return rm(join(scene.operator.volume.backups, 'filling'), { force: true });
}

describe.skipIf(!mayMount)('a volume in memory (only where file systems can be mounted)', () => {
  async function smallScene(number: number, encrypt?: 'all'): Promise<Scene> {
    const scene = await newScene(number, { encrypt });
    mountOver(scene.operator.volume.backups, [
      '-t',
      'tmpfs',
      '-o',
      `size=${VOLUME_BYTES},mode=0700`,
      'tmpfs',
    ]);
    await scene.operator.goodRun();
    return scene;
  }

  it('that becomes full anywhere in a run costs no set, is told, and when there is room again all is well', {
    timeout: patience,
  }, async () => {
    await carryOut<Scene>({
      family,
      kind: 'full',
      short: 3,
      share: 0.3,
      lane: (number) => smallScene(number),
      program: async (scene, random) => {
        scene.daysPass(random);
        return scene.costsNothing(async () => {
          await fill(scene, random.whole(0, 900_000));
          const hit = await honest(scene, await scene.does(['run', '--json']));
          await empty(scene);
          return hit;
        });
      },
    });
  });

  it('of encrypted sets that becomes full anywhere in a run costs no set, and with disk space again all is well', {
    timeout: patience,
  }, async () => {
    await carryOut<Scene>({
      family,
      kind: 'full, encrypted',
      short: 2,
      share: 0.1,
      lane: (number) => smallScene(number, 'all'),
      program: async (scene, random) => {
        scene.daysPass(random);
        return scene.costsNothing(async () => {
          await fill(scene, random.whole(0, 1_400_000));
          const hit = await honest(scene, await scene.does(['run', '--json']));
          await empty(scene);
          return hit;
        });
      },
    });
  });

  it('that becomes read-only in a run costs no set, is told, and when it can be written again all is well', {
    timeout: patience,
  }, async () => {
    await carryOut<Scene>({
      family,
      kind: 'read-only',
      short: 1,
      share: 0.1,
      lane: (number) => smallScene(number),
      program: async (scene, random) => {
        const { backups } = scene.operator.volume;
        return scene.costsNothing(async () => {
          const running = scene.begins(['run', '--json']);
          await pause(random.whole(0, 700));
          try {
            mount(['-o', 'remount,ro', backups]);
          } catch {
            // A file is open for writing: the system does not make the volume read-only then.
          }
          const end = await running.end;
          mount(['-o', 'remount,rw', backups]);
          return honest(scene, end);
        });
      },
    });
  });
});

describe('a volume', () => {
  it('that answers any change with an error costs no set, is told, and the next run is good', {
    timeout: patience,
  }, async () => {
    await carryOut<{ scene: Scene; calls: number }>({
      family,
      kind: 'errors',
      short: 5,
      share: 0.35,
      lane: async (number) => {
        const scene = await sceneWithSet(number);
        return { scene, calls: await countDiskCalls(scene.operator, ['run']) };
      },
      program: async ({ scene, calls }, random) => {
        scene.daysPass(random);
        const fault = {
          at: random.whole(1, calls),
          do: random.pick(ERRORS),
          times: random.pick([1, 1, 2, 5, 1_000]),
        };
        return scene.costsNothing(
          async () =>
            `${fault.do}, ${await honest(scene, await scene.does(['run', '--json'], meeting(fault)))}`,
        );
      },
    });
  });

  it('without hard links has weekly sets too', { timeout: patience }, async () => {
    await carryOut<Scene>({
      family,
      kind: 'without hard links',
      short: 1,
      share: 0.1,
      lane: sceneWithSet,
      program: async (scene) => {
        scene.toSunday();
        return scene.costsNothing(async () => {
          const end = await scene.does(['run', '--json'], LINK_IS_NOT_SUPPORTED);
          const { outcome, timestamp } = JSON.parse(end.stdout) as { outcome: string; timestamp: string };
          if (outcome !== 'succeeded') throw new Error(`${outcome}: ${end.stderr}`);
          const { sets } = await scene.witness.inspect();
          if (
            !sets.some(
              (set) => set.tier === 'weekly' && set.timestamp === timestamp && set.state === 'complete',
            )
          )
            throw new Error(`${timestamp} is not in weekly`);
          return 'copies in place of links';
        });
      },
    });
  });

  it('that is removed in a run is told of, and a new one is filled again', {
    timeout: patience,
  }, async () => {
    await carryOut<Scene>({
      family,
      kind: 'removed',
      short: 1,
      share: 0.05,
      lane: sceneWithSet,
      program: async (scene, random) => {
        const { backups } = scene.operator.volume;
        const folder = random.pick([backups, join(backups, 'daily')]);
        const running = scene.begins(['run', '--json']);
        await pause(random.whole(100, 900));
        await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 5 });
        const end = await running.end;
        hasToBeSound(['run'], end); // what it says of its set was true when it ended, perhaps
        if (!existsSync(backups)) await mkdir(backups, { mode: 0o700 });
        await scene.recovers(await scene.witness.inspect({ tampered: true }), { tampered: true });
        return `${folder === backups ? 'the volume' : 'daily'}, exit code ${end.code!}`;
      },
    });
  });
});
