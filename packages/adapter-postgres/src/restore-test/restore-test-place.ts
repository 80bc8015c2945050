import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, isBackupError, throwIfAborted, type RestoreTestNeeds } from '@geolens/backup-core';
import { errnoOf } from '@geolens/backup-system';
import { megabytes, diskEstimate } from '../disk-estimate.ts';
import { RestoreTestFolder, type RestoreTestFolderOptions } from './restore-test-folder.ts';
import { restoreTestName, restoreTestPaths } from './restore-test-paths.ts';
import { fitsSocket } from './temporary-server-settings.ts';

/** Factor for a restored database, which is packed differently, and for sorting while indexes are built. */
const MARGIN = 1.2;

/** Bytes of the server itself: its catalogs and its log. */
const SERVER_BYTES = 100_000_000;

/** Returns the disk space that a restore test needs, in bytes. */
export function diskNeeded({ databaseBytes, dumpBytes, keptBytes }: RestoreTestNeeds): number {
  return Math.ceil(diskEstimate(databaseBytes, dumpBytes) * MARGIN + keptBytes + SERVER_BYTES);
}

/** Creates the folder of a restore test in the first suitable parent, or returns why each one is unfit. */
export async function choosePlace(
  parents: readonly string[],
  needs: RestoreTestNeeds,
  options: RestoreTestFolderOptions,
): Promise<RestoreTestFolder | { readonly inconclusive: readonly string[] }> {
  const inconclusive: string[] = [];
  for (const parent of new Set(parents)) {
    const folder = await placeIn(parent, diskNeeded(needs), options);
    if (folder instanceof RestoreTestFolder) return folder;
    inconclusive.push(`${parent}: ${folder}`);
  }
  return {
    inconclusive:
      inconclusive.length > 0
        ? inconclusive
        : ['no folder is named that a restore test could be made in. Name one'],
  };
}

async function placeIn(
  parent: string,
  room: number,
  options: RestoreTestFolderOptions,
): Promise<RestoreTestFolder | string> {
  if (!fitsSocket(restoreTestPaths(join(parent, restoreTestName())).data))
    return 'its path is too long for the socket of a temporary server. Name a folder with a shorter path';
  try {
    const { bavail, bsize } = await statfs(parent);
    if (bavail * bsize < room)
      return `a restore test takes about ${megabytes(room)}, and ${megabytes(bavail * bsize)} are free there. Free disk space, or name a folder on another volume`;
    return await makeIn(parent, options);
  } catch (error) {
    throwIfAborted(options.signal);
    return whyNot(error);
  }
}

async function makeIn(
  parent: string,
  options: RestoreTestFolderOptions,
): Promise<RestoreTestFolder | string> {
  const folder = await RestoreTestFolder.make(parent, options);
  let hindrance: string | undefined = 'it was not tried';
  try {
    hindrance = await folder.makeData();
  } finally {
    if (hindrance !== undefined) await folder.remove();
  }
  return hindrance ?? folder;
}

function whyNot(error: unknown): string {
  switch (errnoOf(error) ?? '') {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'the folder is not there. Make it';
    case 'EACCES':
    case 'EPERM':
      return `user ${process.getuid?.() ?? '?'} may not write there. Give that user the right to`;
    case 'EROFS':
      return 'the volume is read-only. Mount it writable';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space is left on the volume. Free disk space there';
    default:
      return isBackupError(error) ? errorText(error) : String(error);
  }
}
