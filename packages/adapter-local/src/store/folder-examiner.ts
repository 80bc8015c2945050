import { link, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failedFinding, throwIfAborted, type Examiner, type Finding } from '@geolens/backup-core';
import { storeError, type StoreRoot } from './store-errors.ts';
import { partialName } from './temporary-names.ts';

/**
 * Looks whether sets can be written into the folder, durably, and whether a weekly set can share the bytes of
 * the daily one.
 */
export class FolderExaminer implements Examiner {
  private readonly root: StoreRoot;

  constructor(root: StoreRoot) {
    this.root = root;
  }

  async examine({ signal }: { readonly signal: AbortSignal }): Promise<readonly Finding[]> {
    throwIfAborted(signal);
    const { path } = this.root;
    // Names that the next sweep knows, should this process die.
    const [file, other] = [join(path, partialName()), join(path, partialName())];
    try {
      await writeFlushed(file);
      const written: Finding = {
        concern: 'folder',
        level: 'ok',
        message: `files can be written to ${path}, and flushed`,
      };
      return [written, await linked(file, other)];
    } catch (error) {
      return [failedFinding('folder', storeError(error, 'trying to write there', this.root))];
    } finally {
      await Promise.all([file, other].map((one) => rm(one, { force: true }).catch(() => undefined)));
    }
  }
}

async function writeFlushed(path: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile('geolens-backup doctor\n');
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function linked(file: string, other: string): Promise<Finding> {
  const concern = 'hard links';
  try {
    await link(file, other);
    return {
      concern,
      level: 'ok',
      message: 'weekly sets take no space of their own while their daily ones are there',
    };
  } catch (error) {
    return {
      concern,
      level: 'warn',
      message: `the volume has no hard links (${(error as Error).message}): weekly sets are copies, and take space of their own`,
      mend: 'Nothing has to be done; a volume with a Linux file system would save that space',
    };
  }
}
