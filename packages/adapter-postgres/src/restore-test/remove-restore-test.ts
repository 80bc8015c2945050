import { chmod, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError } from '@geolens/backup-core';
import { FlockLock, lstatIfThere, describeEnd, type ProgramEnvironment } from '@geolens/backup-system';
import { FOLDER_MODE, type RestoreTestPaths } from './restore-test-paths.ts';
import { runKept } from './kept-program.ts';
import type { ServerUser } from './server-user.ts';

/** How long the programs of a restore test whose process has died are waited for: they end by themselves. */
const PATIENCE_MS = 8_000;

export interface RemoveOptions {
  readonly env: ProgramEnvironment;
  /** The only other user that a removal runs programs as. */
  readonly user: ServerUser | undefined;
}

/**
 * Removes the folder of a restore test. Content is hostile: links are removed and never followed, and a folder is
 * emptied with the rights of its owner only.
 * @throws BackupError STORE_FAILED if something has to stay
 */
export async function removeRestoreTest(paths: RestoreTestPaths, options: RemoveOptions): Promise<void> {
  if (!(await closeFolder(paths))) return;
  const lockFile = await lockFileOf(paths);
  const names = await readdir(paths.folder);
  for (const path of names.map((name) => join(paths.folder, name)).filter((path) => path !== paths.alive))
    await removeEntry(path, lockFile, options);
  await removeEntry(paths.alive, paths.folder, options); // last: programs of the removal lock it
  await rmdir(paths.folder);
}

/** Resolves when no program of the restore test works in its folder any more, or after PATIENCE_MS. */
export async function untilStill(paths: RestoreTestPaths, env: ProgramEnvironment): Promise<void> {
  if (!(await closeFolder(paths)) || (await lockFileOf(paths)) !== paths.alive) return;
  const lease = await new FlockLock(paths.alive, env)
    .acquire({ command: 'clean up' }, { whenHeld: 'wait', signal: AbortSignal.timeout(PATIENCE_MS) })
    .catch(() => undefined);
  await lease?.release();
}

/**
 * Takes the right to change entries of the folder from other users: a process that died, or an older version,
 * may have left it to them. Returns whether the folder exists.
 */
async function closeFolder({ folder }: RestoreTestPaths): Promise<boolean> {
  const entry = await lstatIfThere(folder);
  if (entry === undefined) return false;
  if ((entry.mode & 0o1022) !== 0) await chmod(folder, FOLDER_MODE);
  return true;
}

/**
 * Returns `alive`, or the folder where `alive` is not a file of this user: opening a link would reach its
 * target.
 */
async function lockFileOf({ alive, folder }: RestoreTestPaths): Promise<string> {
  const entry = await lstatIfThere(alive);
  return entry?.isFile() === true && entry.uid === process.geteuid?.() && entry.nlink === 1 ? alive : folder;
}

async function removeEntry(path: string, lockFile: string, { env, user }: RemoveOptions): Promise<void> {
  const entry = await lstatIfThere(path);
  if (entry === undefined) return;
  if (!entry.isDirectory()) return unlink(path);
  let why = `it belongs to user ${entry.uid}. Remove it by hand`;
  if (entry.uid === user?.uid) {
    // Its user may not remove the folder itself, so `rm` always fails in the end.
    why = describeEnd('rm', await runKept('rm', ['-rf', '--', path], { env, user, alive: lockFile }));
  } else if (entry.uid !== 0 && entry.uid === process.geteuid?.()) {
    return rm(path, { recursive: true, force: true });
  }
  await rmdir(path).catch((cause: unknown) => {
    throw new BackupError('STORE_FAILED', `${path} could not be removed: ${why}`, { cause });
  });
}
