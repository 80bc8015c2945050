import { chmod, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError } from '@geolens/backup-core';
import { FlockLock, lstatIfThere, describeEnd, type ProgramEnvironment } from '@geolens/backup-system';
import type { Account } from './account.ts';
import { inFolder, openFolder, CAGE_MODE, type RestoreTestPaths } from './restore-test-paths.ts';
import { runKept } from './kept-program.ts';

/** Milliseconds to wait for the programs of a dead restore test, which end by themselves. */
const PATIENCE_MS = 8_000;

const REMOVE = 'exec rm -rf -- "$1"';

/** Removes what a program of the account left where all users may write: shared memory, temporary files. */
const SWEEP = `{ ipcrm -a; for place in /dev/shm /tmp /var/tmp; do
  find "$place" -xdev -maxdepth 1 -user "$2" -exec rm -rf -- {} +
done; } >/dev/null 2>&1`;

export interface RemoveOptions {
  readonly env: ProgramEnvironment;
  /** Account of the restore test. Its remains elsewhere on this machine are removed too. */
  readonly account?: Account | undefined;
  /** The only other users that a removal runs programs as. */
  readonly former?: readonly Account[] | undefined;
}

/**
 * Removes the folder of a restore test. Its content is hostile: links are removed and never followed. Each
 * folder is emptied only with the rights of its owner, which reaches it by a descriptor.
 * @throws BackupError STORE_FAILED if an entry remains
 */
export async function removeRestoreTest(paths: RestoreTestPaths, options: RemoveOptions): Promise<void> {
  for (const folder of [paths.cage, paths.folder]) {
    if (!(await closeFolder(folder))) continue;
    for (const name of await readdir(folder)) await removeEntry(folder, name, options);
    await rmdir(folder);
  }
}

/** Resolves when no program of the restore test works in its folder, or after PATIENCE_MS. */
export async function untilStill({ alive }: RestoreTestPaths, env: ProgramEnvironment): Promise<void> {
  const entry = await lstatIfThere(alive);
  if (entry?.isFile() !== true || entry.uid !== process.geteuid?.() || entry.nlink !== 1) return;
  const lease = await new FlockLock(alive, env)
    .acquire({ command: 'clean up' }, { whenHeld: 'wait', signal: AbortSignal.timeout(PATIENCE_MS) })
    .catch(() => undefined);
  await lease?.release();
}

/**
 * Takes write permission on the folder from other users: a dead process or an older version may have granted
 * it.
 * @returns whether it is a folder of this user
 */
async function closeFolder(folder: string): Promise<boolean> {
  const entry = await lstatIfThere(folder);
  if (entry?.isDirectory() !== true || entry.uid !== process.geteuid?.()) return false;
  await chmod(folder, CAGE_MODE);
  return true;
}

async function removeEntry(
  folder: string,
  name: string,
  { env, account, former = [] }: RemoveOptions,
): Promise<void> {
  const path = join(folder, name);
  const entry = await lstatIfThere(path);
  if (entry === undefined) return;
  if (!entry.isDirectory()) return unlink(path);
  let why = `it belongs to user ${entry.uid}. Remove it by hand`;
  const user = [account, ...former].find((one) => one?.uid === entry.uid);
  if (user !== undefined) {
    // Its user may not remove the folder itself, so `rm` always fails at the end.
    await using handle = await openFolder(folder);
    const script = user === account ? `${SWEEP}; ${REMOVE}` : REMOVE;
    const within = { account: user, folder: handle.fd };
    const args = ['-c', script, 'sh', inFolder(name), String(user.uid)];
    why = describeEnd('rm', await runKept('sh', args, { env, within }));
  } else if (entry.uid !== 0 && entry.uid === process.geteuid?.()) {
    return rm(path, { recursive: true, force: true });
  }
  await rmdir(path).catch((cause: unknown) => {
    throw new BackupError('STORE_FAILED', `${path} could not be removed: ${why}`, { cause });
  });
}
