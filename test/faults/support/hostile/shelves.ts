import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withManifestChecksum } from '../../../../packages/core/src/model/manifest-checksum.ts';
import type { Random } from '../../../support/random.ts';
import type { Arena } from './arena.ts';

export type Json = Record<string, unknown>;

/** The daily sets of a store, as an attacker of that store handles them. */
export interface Shelf {
  readonly store: 'local' | 's3';
  names(): readonly string[];
  read(name: string): Buffer;
  write(name: string, content: Buffer): void;
}

export function shelfOf(store: Shelf['store'], { backups, bucket }: Arena): Shelf {
  const folder = join(backups, 'daily');
  const prefix = 'backups/daily/';
  if (store === 'local')
    return {
      store,
      names: () => readdirSync(folder),
      read: (name) => readFileSync(join(folder, name)),
      write: (name, content) => {
        rmSync(join(folder, name), { force: true });
        writeFileSync(join(folder, name), content);
      },
    };
  return {
    store,
    names: () =>
      [...bucket.objects.keys()]
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length)),
    read: (name) => bucket.objects.get(prefix + name)!,
    write: (name, content) => void bucket.objects.set(prefix + name, content),
  };
}

/** A moment that a forged set may pretend to be of: mostly one that makes it the newest. */
export function moment(random: Random): string {
  const soon = new Date(Date.now() + random.whole(1, 50) * 60_000).toISOString().replace(/[-:]/g, '');
  return random.pick([
    `${soon.slice(0, 8)}_${soon.slice(9, 15)}`,
    `${soon.slice(0, 8)}_${soon.slice(9, 15)}`,
    '20240117_020000',
    '20310117_020000',
    '99991231_235959',
    '00010101_000000',
    '19700101_000000',
  ]);
}

/**
 * Copies a set to another moment.
 * @param change returns the text of the manifest of the copy; may change the other artifacts, by name
 */
export function forgeSet(
  shelf: Shelf,
  of: string,
  as: string,
  change: (manifest: string, artifacts: Map<string, Buffer>) => string | Buffer,
): void {
  const copies = new Map(
    shelf
      .names()
      .filter((name) => name.includes(of) && !name.startsWith('.') && !name.startsWith('state-'))
      .map((name) => [name.replace(of, as), shelf.read(name)]),
  );
  const manifest = `manifest-${as}.json`;
  const good = copies.get(manifest)!.toString().replaceAll(of, as);
  copies.delete(manifest);
  const text = change(good, copies);
  for (const [name, content] of copies) shelf.write(name, content);
  shelf.write(manifest, Buffer.from(text));
}

/** A manifest with its checksum, and the lengths and checksums of these artifacts. */
export function consistent(manifest: string, artifacts: ReadonlyMap<string, Buffer>): string {
  const json = JSON.parse(manifest) as Json & { artifacts: (Json & { name: string })[] };
  for (const artifact of json.artifacts) {
    const content = artifacts.get(artifact.name);
    if (content === undefined) continue;
    artifact['bytes'] = content.length;
    artifact['sha256'] = createHash('sha256').update(content).digest('hex');
  }
  return withManifestChecksum(json);
}
