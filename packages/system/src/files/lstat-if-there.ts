import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { errnoOf } from './store-errors.ts';

/**
 * What lies under a path, a link itself and not what it leads to; undefined when nothing does. Other errors
 * are thrown as they are.
 */
export async function lstatIfThere(path: string | Buffer): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
