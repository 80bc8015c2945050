import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FINGERPRINT, GROW } from '../cli/restore/support/ages.ts';
import { kept } from '../cli/restore/support/databases.ts';
import { drop } from '../cli/restore/support/restorer.ts';
import { carryOut } from './support/campaign.ts';
import { countDiskCalls, meeting } from './support/disk-calls.ts';
import { patience } from './support/plan.ts';
import type { Random } from '../support/random.ts';
import { newScene, type Scene } from './support/scene.ts';

const LOCKED = 4;

/** What lies at the top of the staging folder, at either age. */
const CONTENT = ['age', 'line\nfeed.txt', 'uploads'];
const UPLOADS = ['age', 'raster.tif', 'with space'];

/** The files that say how old they are. */
const AGED = ['age', 'line\nfeed.txt', join('uploads', 'age')];

/** What a database and its files are: as they were backed up, or as they became. */
type Age = 'new' | 'old' | `neither: ${string}`;

/** A set, and a live installation that has become another since. */
class Lane {
  readonly scene: Scene;
  readonly #ages: ReadonlyMap<string, Age>;
  /** The command that brings the set back. */
  readonly restore: readonly string[];
  readonly milliseconds: number;
  readonly calls: number;

  private constructor(
    scene: Scene,
    ages: ReadonlyMap<string, Age>,
    restore: readonly string[],
    milliseconds: number,
    calls: number,
  ) {
    this.scene = scene;
    this.#ages = ages;
    this.restore = restore;
    this.milliseconds = milliseconds;
    this.calls = calls;
  }

  static async open(number: number): Promise<Lane> {
    const scene = await newScene(number);
    await writeFiles(scene, 'new');
    const backedUp = await scene.operator.database.query(FINGERPRINT);
    const restore = ['restore', await scene.operator.goodRun(), '--drop-previous', '--yes'];
    await grow(scene);
    const ages = new Map<string, Age>([
      [backedUp, 'new'],
      [await scene.operator.database.query(FINGERPRINT), 'old'],
    ]);
    const began = performance.now();
    const end = await scene.operator.backup(restore);
    if (end.code !== 0) throw new Error(end.stderr);
    const milliseconds = performance.now() - began;
    await grow(scene);
    const calls = await countDiskCalls(scene.operator, restore);
    const lane = new Lane(scene, ages, restore, milliseconds, calls);
    expect([await lane.database(), await lane.files()]).toEqual(['new', 'new']);
    return lane;
  }

  async database(): Promise<Age> {
    const found = await this.scene.operator.database.query(FINGERPRINT);
    return this.#ages.get(found) ?? `neither: ${found}`;
  }

  /**
   * Of the files while none is being moved; after a kill they may be on their way, which the next run or
   * restore finishes.
   */
  async files(): Promise<Age> {
    const { staging } = this.scene.operator.volume;
    // What a restore has kept of the content before is whole too, and none of this one.
    const names = (await readdir(staging))
      .filter((name) => !name.startsWith('.geolens-backup-before-'))
      .sort();
    if (names.join() !== CONTENT.join()) return `neither: ${names.join()}`;
    const uploads = (await readdir(join(staging, 'uploads'))).sort();
    if (uploads.join() !== UPLOADS.join()) return `neither: ${uploads.join()}`;
    const ages = new Set(await Promise.all(AGED.map((name) => readFile(join(staging, name), 'utf8'))));
    return ages.size === 1 ? ([...ages][0] as Age) : `neither: ${[...ages].join(' and ')}`;
  }

  /** Back to an installation that differs from its backup. */
  async grows(): Promise<void> {
    const { database } = this.scene.operator;
    for (const name of await kept(database)) await drop(database.client, name);
    if ((await this.database()) === 'new') await grow(this.scene);
    expect([await this.database(), await this.files()]).toEqual(['old', 'old']);
  }

  /** A run that has to be good, and keeps the set that is being restored. */
  async runs(): Promise<void> {
    await this.#succeeds(['run'], { BACKUP_RETENTION_DAILY: '999', BACKUP_SHRINK_THRESHOLD: '0' });
    expect(['old', 'new']).toContain(await this.database());
    expect(['old', 'new']).toContain(await this.files());
  }

  async restores(): Promise<void> {
    await this.#succeeds(this.restore);
    expect([await this.database(), await this.files()]).toEqual(['new', 'new']);
    await this.scene.isClean();
  }

  /** The server may take a moment to notice that the session which had its lock, or its tables, is gone. */
  async #succeeds(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<void> {
    await expect
      .poll(
        async () => {
          const { code, stderr } = await this.scene.operator.backup(args, { env });
          return `${code ?? '?'}${code === 0 || code === LOCKED ? '' : stderr}`;
        },
        { timeout: 20_000, interval: 200 },
      )
      .toBe('0');
  }
}

/** Every table differs from the backup, there is one more, and the files are others. */
async function grow(scene: Scene): Promise<void> {
  await scene.operator.database.query(GROW);
  await writeFiles(scene, 'old');
}

async function writeFiles({ operator: { volume } }: Scene, age: 'new' | 'old'): Promise<void> {
  for (const name of AGED) await writeFile(join(volume.staging, name), age);
}

/**
 * What holds after a restore that was cut off: one age or the other under the name of the database, and the
 * next command makes it whole.
 */
async function sound(lane: Lane, random: Random): Promise<void> {
  const database = await lane.database();
  expect(['old', 'new']).toContain(database);
  const before = await lane.scene.witness.inspect();
  if (random.chance(0.3)) {
    // A run clears up too: then the database and the files each are of one age.
    await lane.runs();
  }
  await lane.restores();
  lane.scene.witness.nothingLost(before, await lane.scene.witness.inspect(), lane.scene);
}

describe('kill -9 of a restore', () => {
  it('at any moment leaves the old database or the new one under the name, and the next restore clears up', {
    timeout: patience,
  }, async () => {
    await carryOut<Lane>({
      family: 'kill',
      kind: 'restore',
      short: 2,
      share: 0.1,
      lane: (number) => Lane.open(number),
      program: async (lane, random) => {
        await lane.grows();
        const running = lane.scene.operator.start(lane.restore);
        await pause(150 + random.next() * lane.milliseconds);
        running.kill('SIGKILL');
        const end = await running.end;
        const last = [...end.stderr.matchAll(/INFO +(\w+ \w+ \w+)/g)].at(-1)?.[1];
        await sound(lane, random);
        return end.signal === null ? 'had ended' : `after: ${last ?? 'nothing was said'}`;
      },
    });
  });

  it('at any change of the disk leaves files that the next restore makes whole', {
    timeout: patience,
  }, async () => {
    await carryOut<Lane>({
      family: 'kill',
      kind: 'restore, at a change of the disk',
      short: 2,
      share: 0.05,
      lane: (number) => Lane.open(number),
      program: async (lane, random) => {
        await lane.grows();
        const at = random.whole(1, lane.calls);
        const end = await lane.scene.operator.backup(lane.restore, { env: meeting({ at, do: 'kill' }) });
        await sound(lane, random);
        return end.signal === null ? 'had ended' : `change ${at}`;
      },
    });
  });
});
