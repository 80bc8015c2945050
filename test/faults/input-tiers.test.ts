import { describe, expect, it } from 'vitest';
import { carryOut } from './support/campaign.ts';
import { Garbage } from './support/input/garbage.ts';
import { forge, unforge, type Forgery } from './support/input/manifests.ts';
import { patience } from './support/plan.ts';
import type { Random } from '../support/random.ts';
import { newScene, type Scene } from './support/scene.ts';
import { hasToBeSound } from './support/sound.ts';
import { completeIn, type Sight } from './support/witness.ts';

const family = 'input';
const MANY = { daily: 30, weekly: 30 };

async function laneOf(number: number): Promise<Scene> {
  const scene = await newScene(number);
  for (let day = 0; day < 2; day += 1) {
    scene.toSunday();
    await scene.recovers(await scene.witness.inspect());
  }
  return scene;
}

/**
 * Does all commands that read the folders, in some order, and then a run that has to be good. Answers the
 * exit codes.
 */
async function goOn(scene: Scene, before: Sight, random: Random): Promise<string> {
  const keep = random.chance(0.5) ? MANY : scene.keep;
  const env = { BACKUP_RETENTION_DAILY: String(keep.daily), BACKUP_RETENTION_WEEKLY: String(keep.weekly) };
  const ends = new Map<string, number>();
  const does = async (...args: readonly string[]): Promise<void> => {
    ends.set(args.slice(0, 2).join(' '), hasToBeSound(args, await scene.does(args, env)).code!);
  };
  const reading = [
    ['list', '--json'],
    ['list'],
    ['prune', '--dry-run'],
    ['prune'],
    ['verify'],
    ['doctor', '--json'],
    ['health'],
    ['restore', 'latest', '--dry-run'],
  ];
  for (const args of reading.sort(() => random.next() - 0.5).slice(0, random.whole(3, 8)))
    await does(...args);
  await does('verify', '--all', '--max-rate', '0');
  const now = await scene.witness.inspect({ tampered: true });
  scene.witness.nothingLost(before, now, { keep });
  await does('restore', 'latest', '--dry-run', '--no-staging');
  if (completeIn(now, 'local', 'daily')[0] === completeIn(before, 'local', 'daily')[0])
    expect(ends.get('restore latest'), 'the dry restore of the newest good set').toBe(0);
  for (const harmless of ['list', 'list --json', 'prune', 'prune --dry-run'])
    expect([0, undefined], harmless).toContain(ends.get(harmless));
  const run = hasToBeSound(['run'], await scene.does(['run', '--json'], env));
  expect(run.code, run.stderr).toBe(0);
  const after = await scene.witness.inspect({ tampered: true });
  scene.witness.agrees(run, after);
  scene.witness.nothingLost(now, after, { keep });
  return `verify --all ${ends.get('verify --all')!}`;
}

describe('in the folders of the sets', () => {
  it('names that nobody gives hide no set, are no set, and stay as they are', {
    timeout: patience,
  }, async () => {
    await carryOut<Scene>({
      family,
      kind: 'names',
      short: 2,
      share: 0.15,
      lane: laneOf,
      program: async (scene, random) => {
        scene.daysPass(random);
        const before = await scene.witness.inspect();
        const { database, volume } = scene.operator;
        const garbage = new Garbage(random, {
          root: volume.backups,
          database: database.database,
          timestamps: completeIn(before, 'local', 'daily'),
        });
        const hit = await goOn(scene, before, random).catch((error: unknown) => {
          throw new Error(`with ${garbage.names.join(', ')}: ${(error as Error).message}`, { cause: error });
        });
        expect(garbage.changes()).toEqual([]);
        garbage.remove();
        await scene.isClean();
        return hit;
      },
    });
  });

  it('manifests that nobody writes make no good set, and lose none', { timeout: patience }, async () => {
    await carryOut<Scene>({
      family,
      kind: 'manifests',
      short: 2,
      share: 0.2,
      lane: laneOf,
      program: async (scene, random) => {
        scene.daysPass(random);
        const before = await scene.witness.inspect();
        const tier = random.pick(['daily', 'weekly'] as const);
        const forgeries = Array.from(
          { length: random.whole(1, 3) },
          (_, index): Forgery => ({
            root: scene.operator.volume.backups,
            tier,
            of: random.pick(completeIn(before, 'local', tier)),
            as: `${random.pick([2024, 2031])}0${index + 1}17_020000`,
          }),
        );
        const texts: string[] = [];
        for (const forgery of forgeries) texts.push(await forge(random, forgery));
        const hit = await goOn(scene, before, random).catch((error: unknown) => {
          throw new Error(
            `with ${texts.map((text) => text.slice(0, 6000)).join('\n---\n')}: ${(error as Error).message}`,
            { cause: error },
          );
        });
        await expectManifestChecksumsChecked(scene, forgeries, texts);
        for (const forgery of forgeries) await unforge(forgery);
        await scene.isClean();
        return hit;
      },
    });
  });
});

/**
 * A manifest with a checksum that does not fit its text is rejected: none of these was checksummed
 * anew.
 */
async function expectManifestChecksumsChecked(
  { witness }: Scene,
  forgeries: readonly Forgery[],
  texts: readonly string[],
): Promise<void> {
  const { sets } = await witness.inspect({ tampered: true });
  for (const [index, { as, tier }] of forgeries.entries()) {
    const shown = sets.find((set) => set.timestamp === as && set.tier === tier);
    if (/"sealedWith": "sha256"|"seal": "/.test(texts[index]!))
      expect(shown?.state, texts[index]).not.toBe('complete');
  }
}
