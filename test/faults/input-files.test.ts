import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { related } from '../cli/restore/support/databases.ts';
import { drop } from '../cli/restore/support/restorer.ts';
import { carryOut } from './support/campaign.ts';
import { damaged } from './support/fuzz.ts';
import { hostileArchive } from './support/input/archives.ts';
import { Dumps } from './support/input/dumps.ts';
import { patience } from './support/plan.ts';
import type { Random } from '../support/random.ts';
import { newScene, type Scene } from './support/scene.ts';
import { hasToBeSound } from './support/sound.ts';

const family = 'input';
const BAD = 5;
const ROWS = 'SELECT count(*), sum(n) FROM data.large';

interface Lane {
  readonly scene: Scene;
  readonly dumps: Dumps;
}

async function laneOf(number: number): Promise<Lane> {
  const scene = await newScene(number);
  const dumps = await Dumps.of(scene.operator.database);
  await scene.recovers(await scene.witness.inspect());
  return { scene, dumps };
}

/** In a folder of its own, which is removed afterwards. */
async function within<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-fuzz-'));
  return work(folder).finally(() => rm(folder, { recursive: true }));
}

/** Everything below a folder but one: types, modes, times, sizes, names and targets. */
function description(folder: string, but: string): string {
  return execFileSync(
    'find',
    [folder, '-path', but, '-prune', '-o', '-path', folder, '-o', '-printf', '%y %m %T@ %s %n %p -> %l\\n'],
    { encoding: 'latin1' },
  );
}

/** The database that a restore was to make is there with its content, or not at all. Removes it. */
async function copyIsAsTold(
  { operator: { database } }: Scene,
  copy: string,
  code: number,
  content?: string,
  isRestored = code === 0 || code === 3,
): Promise<void> {
  const there = await related({ ...database, database: copy });
  try {
    expect(there, `after a restore that exits with ${code}`).toEqual(isRestored ? [copy] : []);
    if (there.length > 0 && content !== undefined)
      expect(await database.client.psql(copy, ROWS)).toBe(content);
  } finally {
    for (const name of there) await drop(database.client, name);
  }
}

describe('an archive that nobody should make', () => {
  it('writes nothing outside of the folder, and keeps no database from being restored', {
    timeout: patience,
  }, async () => {
    await carryOut<Lane>({
      family,
      kind: 'archives',
      short: 4,
      share: 0.15,
      lane: laneOf,
      program: ({ scene, dumps }, random, number) =>
        within(async (folder) => {
          const [outside, to, archive, dump] = [
            join(folder, 'outside'),
            join(folder, 'staging'),
            join(folder, 'archive.tar.gz'),
            join(folder, 'a.dump'),
          ];
          await mkdir(outside);
          await writeFile(join(outside, 'kept'), 'kept');
          await writeFile(dump, dumps.custom);
          if (random.chance(0.5)) {
            await mkdir(to);
            await writeFile(join(to, 'old'), 'old');
          }
          const had = await readdir(to).catch(() => undefined);
          const { bytes, members } = hostileArchive(random, outside);
          await writeFile(archive, bytes);
          const before = description(folder, to);
          const copy = `${scene.operator.database.database}_${number}`;
          const args = [
            'restore',
            dump,
            '--staging-from',
            archive,
            '--staging-to',
            to,
            '--into',
            copy,
            '--yes',
            '--drop-previous',
          ];
          const reported = `with ${JSON.stringify(members)}`;
          const { code } = hasToBeSound([...args, reported], await scene.operator.backup(args));
          expect(description(folder, to), reported).toBe(before);
          const has = await readdir(to).catch(() => undefined);
          if (has !== undefined) expect(devicesIn(to), reported).toBe('');
          // With 3, members are left out, or all of them: then the old files stay.
          if (code !== 0 && code !== 3) expect(has, reported).toEqual(had);
          await copyIsAsTold(scene, copy, code!, undefined, true);
          return `restore ${code!}`;
        }),
    });
  });
});

function devicesIn(folder: string): string {
  return execFileSync('find', [folder, '-type', 'b', '-o', '-type', 'c'], { encoding: 'utf8' });
}

describe('a file that is no dump, or one no longer', () => {
  it('is never restored by halves', { timeout: patience }, async () => {
    await carryOut<Lane>({
      family,
      kind: 'dumps',
      short: 4,
      share: 0.05,
      lane: laneOf,
      program: ({ scene, dumps }, random, number) =>
        within(async (folder) => {
          const { what, foreign, bytes } = dumps.one(random);
          const path = join(folder, nameOf(random));
          await writeFile(path, bytes);
          const does = async (...args: readonly string[]): Promise<number> =>
            hasToBeSound([...args, what], await scene.operator.backup(args)).code!;
          const copy = `${scene.operator.database.database}_${number}`;
          const verified = await does('verify', path);
          const checked = await does('restore', path, '--into', copy, '--dry-run');
          await copyIsAsTold(scene, copy, 1);
          const restored = await does('restore', path, '--into', copy, '--yes');
          const whole = bytes.equals(dumps.custom);
          await copyIsAsTold(
            scene,
            copy,
            restored,
            whole ? await scene.operator.database.query(ROWS) : undefined,
          );
          if (whole) expect([verified, checked, restored], what).toEqual([0, 0, 0]);
          if (foreign) expect([verified, checked, restored], `${what} is called good`).not.toContain(0);
          if (verified !== 0) expect(restored, `${what} is restored, and not good`).not.toBe(0);
          expect(await readdir(folder)).toHaveLength(1);
          await scene.isClean();
          return `${what}: ${verified}, ${checked}, ${restored}`;
        }),
    });
  });
});

describe('a damaged artifact of a set, beside its manifest', () => {
  it('is called bad, and nothing is made of it', { timeout: patience }, async () => {
    await carryOut<Lane>({
      family,
      kind: 'damage',
      short: 2,
      share: 0.05,
      lane: laneOf,
      program: ({ scene }, random, number) =>
        within(async (folder) => {
          const { database, volume } = scene.operator;
          const names = await volume.files('daily');
          for (const name of names) await copyFile(scene.operator.path('daily', name), join(folder, name));
          const dump = names.find((name) => name.endsWith('.dump'))!;
          const victim = random.pick(names.filter((name) => !name.startsWith('manifest-')));
          const whole = await readFile(join(folder, victim));
          const bytes = damaged(random, whole);
          await writeFile(join(folder, victim), bytes);
          const does = async (...args: readonly string[]): Promise<number> =>
            hasToBeSound(args, await scene.operator.backup(args)).code!;
          const copy = `${database.database}_${number}`;
          const verified = await does('verify', join(folder, dump));
          const restored = await does(
            'restore',
            join(folder, dump),
            '--into',
            copy,
            '--yes',
            '--staging-to',
            join(folder, 'files'),
          );
          const isWhole = bytes.equals(whole) || victim.startsWith('staging-');
          await copyIsAsTold(scene, copy, restored, undefined, isWhole);
          expect([verified, restored], victim).toEqual(bytes.equals(whole) ? [0, 0] : [BAD, BAD]);
          return victim.replace(/^.*\./, '');
        }),
    });
  });
});

function nameOf(random: Random): string {
  return random.pick([
    'a.dump',
    'a.sql',
    'a b\n.dump',
    '-Fc',
    'geolens_20261101_020000.dump',
    'a.tar.gz',
    'ä"\'$(x).dump',
  ]);
}
