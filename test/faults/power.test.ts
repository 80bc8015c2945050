import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { carryOut } from './support/campaign.ts';
import { countDiskCalls, meeting } from './support/disk-calls.ts';
import { Ext4Volume, noPowerCuts } from './support/ext4-volume.ts';
import { patience } from './support/plan.ts';
import { newScene, type Scene } from './support/scene.ts';
import { completeIn } from './support/witness.ts';

interface Lane {
  readonly scene: Scene;
  readonly volume: Ext4Volume;
  /** How many changes a run makes to the disk. */
  readonly calls: number;
}

async function laneOf(number: number): Promise<Lane> {
  const scene = await newScene(number);
  const { backups } = scene.operator.volume;
  const volume = new Ext4Volume(backups);
  await rm(join(backups, 'lost+found'), { recursive: true });
  await scene.operator.goodRun();
  return { scene, volume, calls: await countDiskCalls(scene.operator, ['run']) };
}

describe.skipIf(noPowerCuts !== undefined)(
  'a power cut (only where an ext4 in a file can be mounted)',
  () => {
    it('at any change of the disk in a run costs no set, and what is there afterwards is whole', {
      timeout: patience,
    }, async () => {
      await carryOut<Lane>({
        family: 'power',
        kind: 'in a run',
        short: 3,
        share: 0.6,
        lane: laneOf,
        program: async ({ scene, volume, calls }, random) => {
          scene.daysPass(random);
          const at = random.whole(1, calls);
          return scene.costsNothing(async () => {
            const end = await scene.does(['run'], meeting({ at, do: 'kill' }));
            volume.cutPower();
            return end.code === null ? `change ${at}` : `exit code ${end.code}`;
          });
        },
      });
    });

    it('after a run that was good costs nothing of what it has made', { timeout: patience }, async () => {
      await carryOut<Lane>({
        family: 'power',
        kind: 'after a run',
        short: 1,
        share: 0.3,
        lane: laneOf,
        program: async ({ scene, volume }, random) => {
          scene.daysPass(random);
          return scene.costsNothing(async () => {
            const end = await scene.does(['run', '--json']);
            volume.cutPower();
            scene.witness.agrees(end, await scene.witness.inspect());
            return `exit code ${end.code ?? '?'}`;
          });
        },
      });
    });

    it('in a prune costs no set that had to stay', { timeout: patience }, async () => {
      await carryOut<Lane>({
        family: 'power',
        kind: 'in a prune',
        short: 1,
        share: 0.1,
        lane: laneOf,
        program: async ({ scene, volume }, random) => {
          scene.daysPass(random);
          await scene.does(['run']);
          return scene.costsNothing(
            async () => {
              const before = completeIn(await scene.witness.inspect(), 'local', 'daily').length;
              const end = await scene.does(['prune'], {
                BACKUP_RETENTION_DAILY: '1',
                BACKUP_RETENTION_WEEKLY: '1',
                ...meeting({ at: random.whole(1, 12), do: 'kill' }),
              });
              volume.cutPower();
              return `of ${before} sets, ${end.code === null ? 'killed' : `exit code ${end.code}`}`;
            },
            { daily: 1, weekly: 1 },
          );
        },
      });
    });
  },
);
