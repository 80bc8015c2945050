import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { TIERS, type Tier } from '@geolens/backup-core';
import { bytes } from './fuzz.ts';
import type { Random } from '../../support/random.ts';
import type { Scene } from './scene.ts';
import { completeIn, type Sight } from './witness.ts';

const TIMESTAMP = /\d{8}_\d{6}(?=\.)/;

/**
 * Somebody who works in the folder and the bucket by hand, while commands go on: and leaves the newest
 * complete sets alone.
 */
export class Hand {
  readonly #scene: Scene;
  readonly #before: Sight;
  /** What it has put there, by path below the folder or by key of the bucket. */
  readonly #foreign = new Map<string, Buffer>();
  readonly #inBucket = new Map<string, Buffer>();

  constructor(scene: Scene, before: Sight) {
    this.#scene = scene;
    this.#before = before;
  }

  /** What it has put into the folder, for the search for orphans. */
  get foreign(): readonly string[] {
    return [...this.#foreign.keys()];
  }

  /** Does one thing. Answers which. */
  async works(random: Random): Promise<string> {
    const tier = random.pick(TIERS);
    const works = {
      removes: () => this.#removes(random, tier),
      'removes from the bucket': () => this.#removesFromBucket(random, tier),
      adds: () => this.#adds(random, tier),
      copies: () => this.#copies(random, tier),
    };
    const what = random.pick(Object.keys(works) as (keyof typeof works)[]);
    await works[what]();
    return what;
  }

  /** Everything that it has put there is there, byte for byte. */
  async findsItsOwn(): Promise<void> {
    for (const [path, content] of this.#foreign) {
      const found = await readFile(join(this.#backups, path)).catch((error: unknown) => String(error));
      if (typeof found === 'string' || !found.equals(content))
        throw new Error(
          `the foreign file ${path} is not what it was: ${typeof found === 'string' ? found : `${found.length} bytes`}`,
        );
    }
    for (const [key, content] of this.#inBucket) {
      if (!(await this.#scene.bucket!.get(key)).equals(content))
        throw new Error(`the foreign object ${key} is not what it was`);
    }
  }

  /** Takes away again what it has put there. */
  async clearsUp(): Promise<void> {
    for (const path of this.#foreign.keys()) await rm(join(this.#backups, path));
    for (const key of this.#inBucket.keys()) await this.#removesObject(key);
    this.#foreign.clear();
    this.#inBucket.clear();
  }

  get #backups(): string {
    return this.#scene.operator.volume.backups;
  }

  async #removes(random: Random, tier: Tier): Promise<void> {
    const names = (await this.#names(tier)).filter((name) => this.#isOld(name, tier, 'local'));
    for (const name of some(random, names)) await rm(join(this.#backups, tier, name), { force: true }); // retention may have been faster
  }

  async #removesFromBucket(random: Random, tier: Tier): Promise<void> {
    const keys = (await this.#scene.bucket!.keys(`backups/${tier}/`)).filter((key) =>
      this.#isOld(key, tier, 's3'),
    );
    for (const key of some(random, keys)) await this.#removesObject(key);
  }

  async #adds(random: Random, tier: Tier): Promise<void> {
    const name = random.pick([
      `notes ${randomUUID()}.txt`,
      `.hidden-${randomUUID()}`,
      `of_another_${randomUUID()}_20261129_020000.dump`,
      `manifest-20261129_020000.json.${randomUUID()}`,
    ]);
    const content = bytes(random, random.whole(0, 300));
    if (random.chance(0.3)) {
      await this.#scene.bucket!.put(`backups/${tier}/${name}`, content);
      this.#inBucket.set(`backups/${tier}/${name}`, content);
      return;
    }
    await this.#puts(random.chance(0.3) && !name.endsWith('.dump') ? name : join(tier, name), content);
  }

  async #puts(path: string, content: Buffer): Promise<void> {
    for (const tier of TIERS) await mkdir(join(this.#backups, tier), { recursive: true });
    await writeFile(join(this.#backups, path), content);
    this.#foreign.set(path, content);
  }

  /** As people do before they try something. */
  async #copies(random: Random, tier: Tier): Promise<void> {
    const names = (await this.#names(tier)).filter((name) => TIMESTAMP.test(name) && !name.startsWith('.'));
    if (names.length === 0) return;
    const [from, to] = [join(tier, random.pick(names)), join(tier, `copy-${randomUUID()}.bak`)];
    const copied = await copyFile(join(this.#backups, from), join(this.#backups, to)).then(
      () => true,
      () => false,
    );
    if (copied) this.#foreign.set(to, await readFile(join(this.#backups, to)));
  }

  async #names(tier: Tier): Promise<string[]> {
    return readdir(join(this.#backups, tier)).catch(() => []);
  }

  /** Of a set that is older than the newest complete one in that place. */
  #isOld(name: string, tier: Tier, store: string): boolean {
    const newest = completeIn(this.#before, store, tier)[0];
    const timestamp = TIMESTAMP.exec(name)?.[0];
    const isOwn = [...this.#foreign.keys(), ...this.#inBucket.keys()].some((path) => path.endsWith(name));
    return newest !== undefined && timestamp !== undefined && timestamp < newest && !isOwn;
  }

  async #removesObject(key: string): Promise<void> {
    const { client, name } = this.#scene.bucket!;
    await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }));
  }
}

function some(random: Random, names: readonly string[]): string[] {
  return names.length === 0 ? [] : Array.from({ length: random.whole(1, 3) }, () => random.pick(names));
}
