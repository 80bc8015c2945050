import { readdir } from 'node:fs/promises';
import { isOwnName } from './restore-file-names.ts';

/** What lies at the top of a staging folder. */
export interface FolderContent {
  /** Names of content. As bytes: names need not be text. */
  readonly content: readonly Buffer[];
  /** Names of what a restore has put there. */
  readonly own: readonly string[];
}

export async function contentOf(folder: string | Buffer): Promise<FolderContent> {
  const names = await readdir(folder, { encoding: 'buffer' });
  return {
    content: names.filter((name) => !isOwn(name)),
    own: names.filter(isOwn).map((name) => name.toString()),
  };
}

/** The path of an entry of a folder. */
export function pathIn(folder: string | Buffer, name: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(folder), Buffer.from('/'), Buffer.from(name)]);
}

function isOwn(name: Buffer): boolean {
  return isOwnName(name.toString('latin1'));
}
