import { chmod, lstat, mkdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errorText, isBackupError, throwIfAborted, type RestoreTestNeeds } from '@geolens/backup-core';
import { type ProgramEnvironment, errnoOf } from '@geolens/backup-system';
import { megabytes, diskEstimate } from '../disk-estimate.ts';
import { RestoreTestFolder } from './restore-test-folder.ts';
import { restoreTestName } from './restore-test-names.ts';
import { restoreTestPaths, FOLDER_MODE } from './restore-test-paths.ts';
import { runKept } from './kept-program.ts';
import { fitsSocket } from './temporary-server-settings.ts';
import type { ServerUser } from './server-user.ts';

/** A restored database is not packed as the one that was dumped, and is sorted in when indexes are made. */
const MARGIN = 1.2;

/** The server itself: its catalogues, its log. */
const SERVER_BYTES = 100_000_000;

/**
 * Mode of the folder while `data` is made in it: its group may add entries, and only the owner of an entry
 * may rename or remove it.
 */
const OPEN_FOLDER_MODE = 0o1770;

export interface PlaceOptions {
  readonly env: ProgramEnvironment;
  readonly user: ServerUser | undefined;
  readonly signal: AbortSignal;
}

/** Returns the disk space that a restore test takes, in bytes. */
export function diskNeeded({ databaseBytes, dumpBytes, keptBytes }: RestoreTestNeeds): number {
  return Math.ceil(diskEstimate(databaseBytes, dumpBytes) * MARGIN + keptBytes + SERVER_BYTES);
}

/** Makes the folder of a restore test in the first of the parents that will do, or returns for each why it does not. */
export async function choosePlace(
  parents: readonly string[],
  needs: RestoreTestNeeds,
  options: PlaceOptions,
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
  { env, user, signal }: PlaceOptions,
): Promise<RestoreTestFolder | string> {
  if (!fitsSocket(restoreTestPaths(join(parent, restoreTestName())).data))
    return 'its path is too long for the socket of a temporary server. Name a folder with a shorter path';
  try {
    const { bavail, bsize } = await statfs(parent);
    if (bavail * bsize < room)
      return `a restore test takes about ${megabytes(room)}, and ${megabytes(bavail * bsize)} are free there. Free disk space, or name a folder on another volume`;
    return await makeIn(parent, { env, user, signal });
  } catch (error) {
    throwIfAborted(signal);
    return whyNot(error);
  }
}

async function makeIn(parent: string, options: PlaceOptions): Promise<RestoreTestFolder | string> {
  const folder = await RestoreTestFolder.make(parent, options);
  let hindrance: string | undefined = 'it was not tried';
  try {
    hindrance = await makeData(folder, options);
  } finally {
    if (hindrance !== undefined) await folder.remove();
  }
  return hindrance ?? folder;
}

/** Makes the server’s data folder, as its user: whether that one gets there shows by trying alone. */
async function makeData(
  { paths }: RestoreTestFolder,
  { env, user, signal }: PlaceOptions,
): Promise<string | undefined> {
  if (user === undefined) {
    await mkdir(paths.data, { mode: 0o700 });
    return undefined;
  }
  await chmod(paths.folder, OPEN_FOLDER_MODE);
  const { code, stderr } = await runKept('mkdir', ['-m', '0700', '--', paths.data], {
    env,
    user,
    alive: paths.alive,
    signal,
  }).finally(() => chmod(paths.folder, FOLDER_MODE));
  if (code === 0) {
    const data = await lstat(paths.data);
    return data.isDirectory() && data.uid === user.uid
      ? undefined
      : `another process of user ${user.uid} replaced the data folder there. Find out which one`;
  }
  if (stderr.startsWith('setpriv: set'))
    return `this process may not become the user of a temporary server (${stderr}). Give it the capabilities SETUID and SETGID`;
  return `the user of a temporary server (${user.uid}) may not work there (${stderr}). Let it pass through that folder and those above it (chmod o+x)`;
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
