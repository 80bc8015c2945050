import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { BackupError } from '@geolens/backup-core';
import { errnoOf } from './store-errors.ts';

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * Opens a file that only this software writes. Others may be able to put something else in its place: a link
 * would lead to another file, and a pipe would block.
 * @param flags of open(2), besides those that guard against both
 * @throws BackupError STORE_FAILED if it is a link, a pipe or a device
 */
export async function openOwnFile(path: string, flags: number = O_RDONLY): Promise<FileHandle> {
  const handle = await open(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o600).catch((error: unknown) => {
    throw errnoOf(error) === 'ELOOP' ? notAFile(path, error) : error;
  });
  try {
    const stats = await handle.stat();
    // The system itself refuses to read a folder.
    if (!stats.isFile() && !stats.isDirectory()) throw notAFile(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Reads such a file whole.
 * @param atMost size in bytes
 * @throws BackupError STORE_FAILED if it is a link, a pipe or a device, or larger
 */
export async function readOwnFile(path: string, atMost: number): Promise<Buffer> {
  const handle = await openOwnFile(path);
  try {
    const { size } = await handle.stat();
    if (size > atMost)
      throw new BackupError('STORE_FAILED', `${path} has ${size} bytes, and ${atMost} at most are read`, {
        hint: 'Remove it',
      });
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function notAFile(path: string, cause?: unknown): BackupError {
  return new BackupError('STORE_FAILED', `${path} is not a regular file`, {
    cause,
    hint: 'Another user or program put it there. Remove it, and check who can write to that folder',
  });
}
