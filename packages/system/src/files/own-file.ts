import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { BackupError } from '@geolens/backup-core';
import { errnoOf } from './store-errors.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Reads a file that only this software writes. Others may be able to put something else in its place: a link
 * would lead to another file, and a pipe would block.
 * @param atMost size in bytes
 * @throws BackupError STORE_FAILED if it is a link, a pipe or a device, or larger
 */
export async function readOwnFile(path: string, atMost: number): Promise<Buffer> {
  const handle = await open(path, FLAGS).catch((error: unknown) => {
    throw errnoOf(error) === 'ELOOP' ? refusal(`${path} is not a regular file`, error) : error;
  });
  try {
    const stats = await handle.stat();
    // The system itself refuses to read a folder.
    if (!stats.isFile() && !stats.isDirectory()) throw refusal(`${path} is not a regular file`);
    if (stats.size > atMost) throw refusal(`${path} has ${stats.size} bytes; at most ${atMost} are read`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function refusal(message: string, cause?: unknown): BackupError {
  return new BackupError('STORE_FAILED', message, {
    cause,
    hint: 'Find out who put it there, remove it, and let no other user write to the folder',
  });
}
