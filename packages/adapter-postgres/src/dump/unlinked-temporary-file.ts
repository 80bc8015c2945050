import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeError } from '@geolens/backup-system';

/** Creates a file without a name. The system removes it once it is closed, also if this process is killed. */
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

/** Throws the error here: the writer of the globals would attribute it to the target volume. */
function failInTmp(error: unknown): never {
  throw storeError(error, 'noting which entries are wanted', { path: tmpdir(), label: 'TMPDIR' });
}
