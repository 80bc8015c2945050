import { readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isPartialBeside, partialBeside } from './temporary-names.ts';
import { flushFolder, textContent, writeDurably } from '@geolens/backup-system';

/** Writing such a file takes a moment: a temporary one that is older was left by a process that died. */
const ORPHAN_MS = 3_600_000;

/**
 * Replaces a file of ours that belongs to no set, durably and as a whole. No lock is needed: the temporary
 * files have names that a store does not clean-up, and those that were left over are cleared away here.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const partial = partialBeside(path);
  try {
    await clearAway(path).catch(() => undefined); // tried again the next time
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
