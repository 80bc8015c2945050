import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeError } from '@geolens/backup-system';

/** A file that has no name any more: it is gone as soon as it is closed, also when this process is killed. */
export async function unlinkedTemporaryFile(text: string): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-')).catch(failInTmp);
  try {
    const handle = await open(join(folder, 'list'), 'wx+', 0o600);
    await handle.writeFile(text);
    return handle;
  } catch (error) {
    return failInTmp(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Said here, for whoever writes the globals would take it for an error of the volume that they are written
 * to.
 */
function failInTmp(error: unknown): never {
  throw storeError(error, 'noting which entries are wanted', { path: tmpdir(), label: 'TMPDIR' });
}
