import { readdir } from 'node:fs/promises';
import { isOwnName } from './restore-file-names.ts';

/** Top-level entries of a staging folder. */
export interface FolderContent {
  /** Names of content, as bytes: names may not be text. */
  readonly content: readonly Buffer[];
  /** Names of entries that a restore created. */
  readonly own: readonly string[];
}

export async function contentOf(folder: string | Buffer): Promise<FolderContent> {
  const names = await readdir(folder, { encoding: 'buffer' });
  return {
    content: names.filter((name) => !isOwn(name)),
    own: names.filter(isOwn).map((name) => name.toString()),
  };
}

/** Returns the path of an entry of a folder. */
export function pathIn(folder: string | Buffer, name: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(folder), Buffer.from('/'), Buffer.from(name)]);
}

function isOwn(name: Buffer): boolean {
  return isOwnName(name.toString('latin1'));
}
