import { readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isPartialBeside, partialBeside } from './temporary-names.ts';
import { flushFolder, textContent, writeDurably } from '@geolens/backup-system';

/** Milliseconds after which a temporary file is orphaned: writing one takes only a moment. */
const ORPHAN_MS = 3_600_000;

/**
 * Replaces a file that belongs to no set, durably and as a whole. Needs no lock: the clean-up of a store
 * skips these temporary files. Removes orphaned ones itself.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const partial = partialBeside(path);
  try {
    await clearAway(path).catch(() => undefined); // the next call tries again
    await writeDurably(partial, textContent(text));
    await rename(partial, path);
    await flushFolder(dirname(path));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function clearAway(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of (await readdir(folder)).filter((one) => isPartialBeside(path, one))) {
    const age = Date.now() - (await stat(join(folder, name))).mtimeMs;
    if (age > ORPHAN_MS) await rm(join(folder, name), { force: true });
  }
}
