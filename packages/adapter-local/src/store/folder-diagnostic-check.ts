import { link, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '@geolens/backup-core';
import { failedCheck, type DiagnosticCheck, type DiagnosticResult } from '@geolens/backup-core/internal';
import { storeError, type StoreRoot } from '@geolens/backup-system';
import { partialName } from './temporary-names.ts';

/** Checks whether the folder takes durable writes, and whether weekly sets can share bytes of daily ones. */
export class FolderDiagnosticCheck implements DiagnosticCheck {
  private readonly root: StoreRoot;

  constructor(root: StoreRoot) {
    this.root = root;
  }

  async inspect({ signal }: { readonly signal: AbortSignal }): Promise<readonly DiagnosticResult[]> {
    throwIfAborted(signal);
    const { path } = this.root;
    // The next clean-up recognizes these names if this process dies.
    const [file, other] = [join(path, partialName()), join(path, partialName())];
    try {
      await writeFlushed(file);
      const written: DiagnosticResult = {
        subject: 'folder',
        level: 'ok',
        message: `files can be written to ${path}, and flushed`,
      };
      return [written, await linked(file, other)];
    } catch (error) {
      return [failedCheck('folder', storeError(error, 'trying to write there', this.root))];
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

async function linked(file: string, other: string): Promise<DiagnosticResult> {
  const subject = 'hard links';
  try {
    await link(file, other);
    return {
      subject,
      level: 'ok',
      message: 'weekly sets take no space of their own while their daily ones are there',
    };
  } catch (error) {
    return {
      subject,
      level: 'warn',
      message: `the volume has no hard links (${(error as Error).message}): weekly sets are copies, and take space of their own`,
      hint: 'Nothing has to be done; a volume with a Linux file system would save that space',
    };
  }
}
