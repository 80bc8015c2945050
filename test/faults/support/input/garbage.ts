import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { TIERS } from '@geolens/backup-core';
import { bytes, letters, mutated, text } from '../fuzz.ts';
import type { Random } from '../../../support/random.ts';

type Kind = 'file' | 'folder' | 'link' | 'pipe';

interface Item {
  /** Names need not be text. */
  readonly path: Buffer;
  readonly kind: Kind;
  readonly description: string;
}

const LONGEST_NAME = 255;

/** Older than any set of a scene, or not yet: neither takes the place of a set. */
function timestamp(random: Random): string {
  const two = (least: number, most: number): string => String(random.whole(least, most)).padStart(2, '0');
  return `${random.pick(['2024', '2025', '2031', '9999'])}${two(1, 12)}${two(1, 28)}_${two(0, 23)}${two(0, 59)}${two(0, 59)}`;
}

function nameOf(random: Random, database: string, timestamps: readonly string[]): Buffer {
  const whole = (): string =>
    random.pick([
      `${database}_${timestamp(random)}.dump`,
      `staging-${timestamp(random)}.tar.gz`,
      `globals-${timestamp(random)}.sql`,
      `manifest-${timestamp(random)}.json`,
      `${text(random).replaceAll('/', '%2F')}_${random.pick([timestamp(random), ...timestamps])}.dump`,
      `${database}_${random.pick(['20250229', '20251301', '2025-1-1', '00000000'])}_020000.dump`,
      `${database}_${timestamp(random)}.dump${random.pick(['.partial', '~', ' ', '.gz', '\n'])}`,
      `.${database}_${timestamp(random)}.dump`,
      `.geolens-backup-${randomUUID()}.tmp`,
    ]);
  const name = random.pick([
    whole,
    whole,
    () => mutated(random, whole()),
    () => text(random, 60),
    () => letters(random, LONGEST_NAME),
    () => `${letters(random, LONGEST_NAME - 21)}_${timestamp(random)}.dump`,
  ])();
  const buffer = Buffer.from(name.replaceAll('/', '_').replaceAll('\0', '_')).subarray(0, LONGEST_NAME);
  if (random.chance(0.1)) buffer[random.whole(0, buffer.length - 1)] = random.pick([0xff, 0xc0, 0x80]); // no UTF-8
  return ['', '.', '..'].includes(buffer.toString()) ? Buffer.from('dots') : buffer;
}

/** Files, folders, links and pipes in the folders of the sets which are nobody's artifacts. */
export class Garbage {
  readonly #database: string;
  readonly #items: readonly Item[];

  constructor(
    random: Random,
    {
      root,
      database,
      timestamps,
    }: { readonly root: string; readonly database: string; readonly timestamps: readonly string[] },
  ) {
    this.#database = database;
    const items: Item[] = [];
    for (const tier of TIERS) mkdirSync(join(root, tier), { recursive: true });
    for (let more = random.whole(3, 12); more > 0; more -= 1) {
      const path = Buffer.concat([
        Buffer.from(`${join(root, random.pick(TIERS))}/`),
        nameOf(random, database, timestamps),
      ]);
      const kinds = [
        'file',
        'file',
        'file',
        'folder',
        'link',
        ...(isUtf8(path) ? (['pipe'] as const) : []),
      ] as const; // mkfifo is told by text
      const kind = random.pick(kinds);
      if (isThere(path)) continue;
      make(random, path, kind, root);
      items.push({ path, kind, description: describe(path) });
    }
    this.#items = items;
  }

  /** What speaks against all of it being untouched that no command may touch. */
  changes(): readonly string[] {
    const foreign = this.#items.filter(({ path, kind }) => kind !== 'file' || !this.#isOfUs(path));
    return foreign
      .filter(({ path, description }) => describe(path) !== description)
      .map(({ path, kind }) => `${kind} ${JSON.stringify(path.toString())}`);
  }

  get names(): readonly string[] {
    return this.#items.map(({ path, kind }) => `${kind} ${JSON.stringify(path.toString())}`);
  }

  remove(): void {
    for (const { path } of this.#items) if (isThere(path)) rmSync(path, { recursive: true });
  }

  /** Names of this form may be taken for parts of a set of this database. */
  #isOfUs(path: Buffer): boolean {
    const name = path.subarray(path.lastIndexOf('/') + 1).toString();
    return (
      (name.startsWith(`${this.#database}_`) && name.endsWith('.dump')) ||
      /^(staging|globals|manifest)-\d{8}_\d{6}\./.test(name)
    );
  }
}

function make(random: Random, path: Buffer, kind: Kind, root: string): void {
  if (kind === 'folder') mkdirSync(path);
  else if (kind === 'link')
    symlinkSync(random.pick(['nowhere', '/etc/passwd', '..', root, path.toString('latin1')]), path);
  else if (kind === 'pipe') execFileSync('mkfifo', [path.toString()]);
  else writeFileSync(path, bytes(random, random.pick([0, 1, 300])));
}

function isThere(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function describe(path: Buffer): string {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 'gone';
  const content = stats.isFile()
    ? readFileSync(path, 'hex')
    : stats.isSymbolicLink()
      ? readlinkSync(path)
      : stats.isDirectory()
        ? readdirSync(path).join()
        : '';
  return [stats.ino, stats.mode, stats.mtimeMs, content].join(' ');
}
